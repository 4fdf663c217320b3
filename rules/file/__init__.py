"""Family 9: the file itself."""
