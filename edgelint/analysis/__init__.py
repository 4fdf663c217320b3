"""What several rules need to know about a model, worked out once."""
