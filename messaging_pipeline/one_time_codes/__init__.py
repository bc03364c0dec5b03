"""One-time codes: as messages of our own that are soon too late, or handed over to Twilio Verify."""
