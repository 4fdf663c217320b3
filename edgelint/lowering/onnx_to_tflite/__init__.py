"""ONNX operators in TFLite's words, one module per family; `edgelint.lowering.onnx` drives them.

Layout: TFLite keeps channels last. A value of three or more dims that comes from a graph input or
a convolution is stored channels last; a reshape yields ONNX's own order; a transpose is inserted
only where an operator needs another order than the one at hand. That is what onnx2tf does.
"""
