"""The built-in rules: one rule, one file, one folder per family."""
