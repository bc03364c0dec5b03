"""The webhook tier: verifies that Twilio is speaking, hands the event to the broker, answers."""
