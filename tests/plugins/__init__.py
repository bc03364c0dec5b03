"""Fixtures by theme; `conftest.py` lists them."""
