"""Tells workers that there may be something to send, now or at a given moment; Postgres knows what."""
