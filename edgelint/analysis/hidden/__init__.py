"""Hidden layers: their activations, and the numbers between them."""
