"""What a model costs: parameters, MACs, element operations, live bytes."""
