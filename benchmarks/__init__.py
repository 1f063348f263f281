"""The numbers of the README are made here: `poet bench train`, or `make bench` for all of them.

Not part of the wheel: a benchmark compares the project with something that nobody wants installed.
"""
