"""Our edge to Twilio: requests, answers, error codes, signatures and callbacks, parsed once."""
