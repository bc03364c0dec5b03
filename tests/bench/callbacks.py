"""Signed status callbacks as they go over the wire, and the volleys they are fired in."""

import json
import secrets
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from messaging_pipeline.twilio_api.signature import sign
from tests.bench.bed import Bed
from tests.bench.load import Volley
from tests.bench.side import Side

_LONGEST_VOLLEY_SECONDS = 300


def new_sids(count: int) -> list[str]:
    """Make up SIDs as Twilio's look."""
    return [f"SM{secrets.token_hex(16)}" for _ in range(count)]


def delivered_callbacks(side: Side, paths: Sequence[str], sids: Sequence[str]) -> list[str]:
    """Return one request for each message: it is delivered, says its account, and has signed that."""
    return [_request(side.bed, side.web_url + path, sid) for path, sid in zip(paths, sids, strict=True)]


def _request(bed: Bed, url: str, sid: str) -> str:
    form = {
        "AccountSid": bed.account_sid,
        "ApiVersion": "2010-04-01",
        "MessageSid": sid,
        "MessageStatus": "delivered",
        "SmsSid": sid,
        "SmsStatus": "delivered",
        "To": "+14155550100",
        "From": "+12065550100",
        "MessagingServiceSid": bed.messaging_service_sid,
        "RawDlrDoneDate": "2611240930",
    }
    parts, body = urlsplit(url), urlencode(form)
    lines = (
        f"POST {parts.path} HTTP/1.1",
        f"Host: {parts.netloc}",
        "User-Agent: TwilioProxy/1.1",
        "Content-Type: application/x-www-form-urlencoded",
        f"X-Twilio-Signature: {sign(url, form, bed.auth_token)}",
        f"Content-Length: {len(body)}",
    )
    return "\r\n".join((*lines, "", body))


def fire(side: Side, requests: Sequence[str], folder: Path, *, rate_per_second: float = 0.0) -> Volley:
    """Let a process of its own fire the requests at a side's webhooks; 0 means as fast as they are answered."""
    file = folder / f"volley-{secrets.token_hex(4)}.json"
    file.write_text(json.dumps(requests), "ascii")
    arguments = [str(file), "--port", str(urlsplit(side.web_url).port), "--rate", str(rate_per_second)]
    fired = subprocess.run(
        [sys.executable, "-m", "tests.bench.load", *arguments],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=_LONGEST_VOLLEY_SECONDS,
    )
    file.unlink()
    return Volley(**json.loads(fired.stdout))
