"""How good a poet is, in figures."""
