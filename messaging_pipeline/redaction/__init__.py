"""Takes texts and files from Twilio when they are not needed there any more: an obligation for each message."""
