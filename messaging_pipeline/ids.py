"""The identifiers of the domain, typed so that one is never passed for another."""

import os
import time
from typing import NewType
from uuid import UUID

MessageId = NewType("MessageId", UUID)
"""Our own id of a message; known before Twilio has heard of it."""

TenantKey = NewType("TenantKey", str)
"""The name of a tenant in ``messaging.toml``."""

ServiceKey = NewType("ServiceKey", str)
"""The name of a sending service in ``messaging.toml``; unique across tenants."""

E164 = NewType("E164", str)
"""A phone number in E.164: ``+`` and up to fifteen digits."""

MessageSid = NewType("MessageSid", str)
"""Twilio's id of a message: ``SM`` or ``MM`` and 32 hexadecimal digits."""

_VERSION_7 = 0x7
_RFC_VARIANT = 0b10


def new_message_id() -> MessageId:
    """Make a UUIDv7: unique like any UUID, and ordered by time so that the index stays compact.

    Layout after RFC 9562, section 5.7: 48 bits of Unix milliseconds, version, 12 random bits, variant,
    62 random bits.
    """
    unix_milliseconds = time.time_ns() // 1_000_000
    noise = int.from_bytes(os.urandom(10))
    value = (unix_milliseconds & ((1 << 48) - 1)) << 80
    value |= _VERSION_7 << 76 | (noise >> 68) << 64
    value |= _RFC_VARIANT << 62 | noise & ((1 << 62) - 1)
    return MessageId(UUID(int=value))
