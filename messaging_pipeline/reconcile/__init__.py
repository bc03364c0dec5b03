"""Asks Twilio about what its callbacks did not tell: quiet messages, doubtful attempts, messages from people."""
