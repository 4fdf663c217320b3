"""The graph itself: what is redundant, contradictory, or unfit for the hardware."""
