"""Which operators a runtime runs, and which an accelerator."""
