"""Connections to the outside: which requests never left, and which addresses may be connected to."""
