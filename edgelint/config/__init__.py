"""Configuration: `edgelint.toml`, or `[tool.edgelint]` of `pyproject.toml`, the nearest of each model.

keys.py says what may stand there, file.py finds and reads a file, layers.py joins it with the
environment and the command line: flags > environment > file > defaults.
"""
