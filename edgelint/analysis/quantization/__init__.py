"""Stored integers and the reals they stand for."""
