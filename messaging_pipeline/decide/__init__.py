"""Decides what follows from what Twilio answered or reported; pure, and in one place for all of it."""
