"""The same work the way most Celery and Twilio tutorials do it: one task a message, one task a callback."""
