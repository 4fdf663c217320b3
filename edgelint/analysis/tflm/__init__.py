"""TensorFlow Lite Micro: its arena, byte for byte, and its flash."""
