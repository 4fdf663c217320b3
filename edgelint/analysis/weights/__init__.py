"""The stored numbers of a model, read when asked and in bounded memory."""
