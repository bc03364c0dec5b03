"""While processes are replaced, the release before works on the schema of this one: its statements, kept as data.

``tests/data/released_sql/<version>`` holds a release's ``db/sql`` as it was. Each statement is prepared against the
schema as ``migrate --pre`` leaves it, and a life of messages is led by old statements alone, and by old and new in
turns.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from messaging_pipeline.db.migrate import migrate_phase
from messaging_pipeline.db.migration_files import Phase
from messaging_pipeline.db.queries import parse
from messaging_pipeline.ids import new_message_id
from tests.plugins.services import NewDatabase
from tests.support.factories import RECIPIENT, a_send, worker_runtime
from tests.support.followed import report
from tests.support.prepared import prepare

RELEASED = Path("tests/data/released_sql")
RELEASES = sorted(folder.name for folder in RELEASED.iterdir())
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)

Rows = list[dict[str, Any]]


def statements(release: str) -> dict[str, str]:
    return {
        name: text
        for file in sorted((RELEASED / release).glob("*.sql"))
        for name, text in parse(file.read_text("utf-8")).items()
    }


@pytest.fixture(scope="module")
def halfway(new_database: NewDatabase) -> str:
    """A database in the middle of an update: the new schema is there, and the old code still runs."""
    url = new_database()
    migrate_phase(url, Phase.PRE)
    return url


@pytest.fixture
def connection(halfway: str) -> Iterator[psycopg.Connection[dict[str, Any]]]:
    with psycopg.connect(halfway, autocommit=True, row_factory=dict_row) as connection:
        yield connection


def test_the_releases_kept_are_those_of_the_changelog() -> None:
    released = re.findall(r"^## \[(\d+\.\d+\.\d+)\]", Path("CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert RELEASES
    assert set(RELEASES) <= set(released)


@pytest.mark.parametrize("release", RELEASES)
def test_every_statement_of_the_release_before_is_one_of_this_schema_too(
    release: str, connection: psycopg.Connection[dict[str, Any]]
) -> None:
    refused = {}
    for name, text in statements(release).items():
        try:
            prepare(connection, name, text)
        except psycopg.Error as error:
            refused[name] = str(error)
    assert refused == {}


class OldCode:
    """Runs statements of 0.1.0 with the values that its code gave them."""

    def __init__(self, connection: psycopg.Connection[dict[str, Any]]) -> None:
        self._connection = connection
        self._statements = statements("0.1.0")

    def run(self, name: str, **values: Any) -> Rows:
        cursor = self._connection.execute(self._statements[name], values)  # type: ignore[call-overload]
        rows: Rows = cursor.fetchall()
        return rows

    def accept(self, **changes: Any) -> UUID:
        values = {
            "id": new_message_id(),
            "tenant": "default",
            "service": "default",
            "to_number": RECIPIENT,
            "from_number": None,
            "content": b"sealed",
            "fallback": None,
            "encoding": "GSM-7",
            "segments": 1,
            "priority": 1,
            "status": "pending",
            "now": NOW,
            "due_at": NOW,
            "expires_at": None,
            "reason": None,
            "tags": Jsonb({}),
            "idempotency_key": None,
            "fingerprint": b"",
            **changes,
        }
        ((row),) = self.run("insert_message", **values)
        message_id: UUID = row["id"]
        return message_id

    def claim(self, now: datetime = NOW) -> Rows:
        lease = {"claim_id": uuid4(), "lease_until": now + timedelta(minutes=1)}
        return self.run("claim_due", service="default", now=now, segments=10, **lease)

    def open(self, claimed: Mapping[str, Any]) -> Rows:
        return self._turn(opening_id=claimed["id"], claim_id=claimed["claim_id"])

    def close(self, claimed: Mapping[str, Any], sid: str) -> Rows:
        outcome = {"outcome": "accepted", "sid": sid, "http_status": 201, "status": "accepted"}
        return self._turn(closing_id=claimed["id"], closing_number=1, leaves=["claimed", "unconfirmed"], **outcome)

    def hear(self, message_id: UUID, sid: str, status: str) -> Rows:
        ladder = ["claimed", "unconfirmed", "accepted", "sent", "delivered"]
        return self.run(
            "apply_evidence",
            ladder_statuses=ladder,
            ladder_ranks=list(range(len(ladder))),
            message_ids=[message_id],
            tenants=["default"],
            sids=[sid],
            statuses=[status],
            error_codes=[None],
            details=[None],
            received_ats=[NOW],
        )

    def _turn(self, **values: Any) -> Rows:
        closing = ["closing_id", "closing_number", "outcome", "sid", "http_status", "error_code", "explanation"]
        absent = dict.fromkeys([*closing, "leaves", "status", "due_at", "opening_id", "claim_id", "lease_until"])
        later = NOW + timedelta(minutes=1)
        return self.run("turn_page", **{**absent, "now": NOW, "worker": "old", "lease_until": later, **values})


@pytest.fixture
def old(connection: psycopg.Connection[dict[str, Any]]) -> OldCode:
    return OldCode(connection)


def test_the_old_code_leads_a_message_through_its_whole_life(old: OldCode) -> None:
    message_id = old.accept()
    (claimed,) = old.claim()
    assert old.open(claimed) == [{"moved": False, "opened": 1}]
    assert old.close(claimed, "SM1") == [{"moved": True, "opened": None}]
    (moved,) = old.hear(message_id, "SM1", "delivered")
    assert (moved["told"], moved["status"]) == (1, "delivered")
    assert old.hear(message_id, "SM1", "delivered")[0]["told"] == 0, "told again, it is kept once"


def test_an_old_worker_that_dies_leaves_doubt_which_old_and_new_code_keep(old: OldCode, halfway: str) -> None:
    message_id = old.accept()
    (claimed,) = old.claim()
    old.open(claimed)
    lapsed = old.run("return_lapsed_claims", now=NOW + timedelta(hours=1), limit=9, doubt="may be sent", relief="not")
    assert [(row["id"], row["status"]) for row in lapsed] == [(message_id, "unconfirmed")]
    assert old.claim() == []
    with worker_runtime(DATABASE_URL=halfway) as new:
        shown = new.base.tracing.message(message_id)
    assert [one["outcome"] for one in shown["attempts"]] == ["unconfirmed"]


def test_what_the_new_code_accepts_the_old_code_sends_and_the_new_code_hears_of(old: OldCode, halfway: str) -> None:
    with worker_runtime(DATABASE_URL=halfway) as new:
        message_id = new.base.accepting.accept(a_send())
        (claimed,) = old.claim(new.base.clock.now())
        old.open(claimed)
        old.close(claimed, "SM2")
        new.following.apply([report(message_id, "delivered", sid="SM2")])
        assert new.base.tracing.message(message_id)["status"] == "delivered"


def test_an_old_process_accepts_hears_cancels_and_falls_back(old: OldCode) -> None:
    message_id = old.accept(idempotency_key="one", fallback=b"plan")
    assert old.run("find_earlier_message", id=uuid4(), tenant="default", idempotency_key="one")[0]["id"] == message_id
    assert old.run("cancel_pending", id=message_id, tenant="default", now=NOW, reason="no") != []
    step = {"message_ids": [message_id], "channels": ["email"], "causes": ["canceled"]}
    assert old.run("start_fallback", now=NOW, **step) == [{"message_id": message_id, "number": 1}]
    (taken,) = old.run("claim_fallback_step", message_id=message_id, number=1, now=NOW, lease_until=NOW)
    assert taken["channel"] == "email"
    inbound = {"tenant": "default", "from_number": RECIPIENT, "to_number": "+14155550100", "payload": b"sealed"}
    assert old.run("insert_inbound_message", sid="SM3", received_at=NOW, **inbound) == [{"sid": "SM3"}]
    assert old.run("insert_inbound_message", sid="SM3", received_at=NOW, **inbound) == []
