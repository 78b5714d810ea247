"""Values of expressions: evaluation with NumPy, random and special points, numerical derivatives."""
