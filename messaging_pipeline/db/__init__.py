"""Postgres, the memory: the pool, the named statements and the migrations."""
