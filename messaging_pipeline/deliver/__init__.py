"""Sends what is due: tokens first, then rows, then one attempt each, written down before it leaves."""
