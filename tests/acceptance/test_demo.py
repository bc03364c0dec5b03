"""The demonstration with a file of one's own: what became of every line, its scenes, and nothing left running."""

import json
import os
import subprocess
import sys
from pathlib import Path

import psutil

_OURS = ("DATABASE_URL", "REDIS_URL", "CELERY_BROKER_URL", "TWILIO_", "MESSAGING_")

LINES = [
    {"to": "+12125550143", "body": "Hello 🎉", "service": "alerts"},
    {"to": "+442079460123", "media_urls": ["https://example.com/a.png"], "service": "offers"},
    {"to": "+15005551002", "body": "Unreachable", "fallback": [{"channel": "email", "to": "ada@example.com"}]},
    {"to": "+1415", "body": "Too short"},
    {"to": "+14155550124", "body": "No such way out", "service": "nobody"},
]


def test_a_file_of_ones_own_is_sent_and_accounted_for(tmp_path: Path) -> None:
    tmp_path.chmod(0o711)
    file = tmp_path / "mine.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in LINES))
    environment = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    ended = subprocess.run(
        [sys.executable, "-m", "messaging_pipeline.cli.main", "demo", str(file)],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=150,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    told = ended.stdout
    for sentence in (
        "Handed 5 messages to Celery",
        "    2  delivered",
        "    1  undelivered  30003",
        "rejected            to: ",
        "rejected            service: ",
        "A message that was delivered:",
        "A message that fell back to e-mail:",
        "fallback 1 (email) sent",
        'writes "Hours?", and is answered "We are open from nine to six."',
        'writes "ack INC-2048", and is answered "ACK INC-2048: we are looking into it."',
        "sends a picture; copied: image/png, 20000 bytes",
        'is answered "Thank you. We have added this to your ticket 101.',
        'ticket 101 holds "My order has not come.", "It has come now."',
        "is suppressed, with 0 attempts: the recipient has opted out",
        "is pending: quiet hours where the recipient is; not before",
        'calls in vain, and is written to: "Sorry that we missed your call.',
        "e-mail  SendGrid takes the letter, and its signed event says delivered",
        "SMS     another message, to +1",
        "push    Firebase takes 1 notification for the device",
        "HTTP    the receiver `oncall` is called, and finds the signature genuine",
        "Celery  the task `shop.call_back` reaches somebody else's worker",
    ):
        assert sentence in told, told
    assert "+12125550143" not in told
    assert [
        one for one in psutil.process_iter(["cmdline"]) if str(tmp_path) in " ".join(one.info["cmdline"] or [])
    ] == []


def test_a_file_that_cannot_be_read_starts_nothing(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "messaging_pipeline.cli.main", "demo", "nowhere.csv"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "FILE" in ended.stderr
    assert not (tmp_path / ".local").exists()
