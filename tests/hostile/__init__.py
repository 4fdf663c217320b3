"""Files that nobody should have to trust, and how `edgelint` is run on them."""
