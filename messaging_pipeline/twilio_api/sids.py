"""The shape of Twilio's ids: two letters and 32 hexadecimal digits, in either case."""

import re

MESSAGE_SID = re.compile(r"(SM|MM)[0-9a-fA-F]{32}")
ACCOUNT_SID = re.compile(r"AC[0-9a-fA-F]{32}")
SERVICE_SID = re.compile(r"MG[0-9a-fA-F]{32}")
NUMBER_SID = re.compile(r"PN[0-9a-fA-F]{32}")
APPLICATION_SID = re.compile(r"AP[0-9a-fA-F]{32}")
