"""Consent: a ledger of who said stop and who said yes, and the list that follows from it."""
