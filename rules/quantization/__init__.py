"""Family 3: is the quantization one that the runtime runs and that keeps the accuracy?"""
