"""Twilio Programmable Messaging on the other side of the wire: real HTTP, and real misbehaviour."""
