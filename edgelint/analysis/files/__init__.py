"""What else is in a model's file, and beside it."""
