"""Follows a message after Twilio has it: evidence comes in, the status moves up the ladder."""
