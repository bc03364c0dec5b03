"""Commands about what is at Twilio itself: the account, its messages, services and numbers."""
