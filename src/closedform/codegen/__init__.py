"""Code from an expression: array operations in an order to compute them, and their text for a target."""
