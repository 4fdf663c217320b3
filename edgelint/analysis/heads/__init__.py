"""Outputs: what computes them, and what they are for."""
