"""Keeps each sending service within its rate, however many workers send for it."""
