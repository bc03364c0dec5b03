"""Keys are changed: what older keys have sealed is sealed anew, and it is known which keys are still needed."""

from collections.abc import Callable, Iterator

import pytest
from cryptography.fernet import Fernet

from messaging_pipeline.db.pool import Pool, open_pool
from messaging_pipeline.pseudonyms import key_of
from messaging_pipeline.resealing import SHELVES, Resealing
from messaging_pipeline.sealing import Sealer
from tests.support.commands import Finished, run_command
from tests.support.factories import environment
from tests.support.written_lives import Writer

OLD, NEW, LOST = (Fernet.generate_key().decode() for _ in range(3))
#: The one column of bytes that is not sealed: a keyed hash.
NOT_SEALED = {"messages.fingerprint", "verifications.fingerprint"}

Run = Callable[..., Finished]


@pytest.fixture
def keys(database_url: str, redis_url: str) -> Run:
    """Run a command about keys with these in MESSAGING_ENCRYPTION_KEYS, newest first."""

    def run(command: str, *in_use: str) -> Finished:
        given = environment(DATABASE_URL=database_url, REDIS_URL=redis_url, MESSAGING_ENCRYPTION_KEYS=",".join(in_use))
        return run_command(given, "keys", command, "--json")

    return run


def fill_every_shelf(writer: Writer, key: str) -> None:
    sealer = Sealer([key])
    writer.message(content=sealer.seal({"body": "a", "media_urls": []}), fallback=sealer.seal([]))
    writer.connection.execute(
        "insert into inbound_messages (tenant, sid, from_number, to_number, payload, received_at)"
        " values ('default', 'SM1', '+14155550123', '', %s, now())",
        [sealer.seal([["Body", "b"]])],
    )
    writer.consent("granted", writer.now, proof=sealer.seal({"ip": "192.0.2.17"}))
    key_of(writer.connection, sealer, "default", writer.now)


def by_column(finished: Finished) -> dict[str, dict[str, int]]:
    return {one["column"]: one for one in finished.json}


def test_everything_is_sealed_anew_and_then_the_old_key_can_go(keys: Run, writer: Writer) -> None:
    fill_every_shelf(writer, OLD)
    hashed_with = key_of(writer.connection, Sealer([OLD]), "default", writer.now)
    done = keys("reseal", NEW, OLD)
    assert (done.code, {one["resealed"] for one in done.json}) == (0, {1})
    assert keys("check", NEW).code == 0
    assert key_of(writer.connection, Sealer([NEW]), "default", writer.now) == hashed_with
    content = writer.connection.execute("select content from messages").fetchone()
    assert content is not None
    assert Sealer([NEW]).unseal(content[0]) == {"body": "a", "media_urls": []}


def test_again_changes_nothing(keys: Run, writer: Writer) -> None:
    fill_every_shelf(writer, OLD)
    keys("reseal", NEW, OLD)
    before = writer.connection.execute("select content, fallback from messages").fetchall()
    assert {one["resealed"] for one in keys("reseal", NEW, OLD).json} == {0}
    assert writer.connection.execute("select content, fallback from messages").fetchall() == before


def test_every_column_of_bytes_is_resealed_or_is_known_not_to_be_sealed(writer: Writer) -> None:
    """Whoever adds a sealed column adds a shelf; a key that was taken out of use would else take it along."""
    rows = writer.connection.execute(
        "select table_name || '.' || column_name from information_schema.columns"
        " where table_schema = 'public' and data_type = 'bytea'"
    )
    assert {name for (name,) in rows} == {shelf.column for shelf in SHELVES} | NOT_SEALED


def test_it_is_told_which_keys_are_needed(keys: Run, writer: Writer) -> None:
    fill_every_shelf(writer, OLD)
    writer.message(content=Sealer([NEW]).seal({"body": "c"}))
    newest, oldest = Sealer([NEW, OLD]).key_names
    found = by_column(keys("check", NEW, OLD))
    assert found["messages.content"]["by_key"] == {newest: 1, oldest: 1}
    assert found["inbound_messages.payload"]["by_key"] == {newest: 0, oldest: 1}


def test_the_table_says_it_in_words_and_shows_no_key(writer: Writer, database_url: str, redis_url: str) -> None:
    fill_every_shelf(writer, OLD)
    given = environment(DATABASE_URL=database_url, REDIS_URL=redis_url, MESSAGING_ENCRYPTION_KEYS=f"{NEW},{OLD},{LOST}")
    shown = run_command(given, "keys", "check")
    _, newest, needed, idle = shown.lines
    assert newest.endswith("seals what is new")
    assert needed.endswith("needed; run `messaging-pipeline keys reseal`")
    assert idle.endswith("not needed for what is stored")
    assert not any(key in shown.out for key in (NEW, OLD, LOST))


def test_what_no_key_opens_is_counted_and_left_as_it_is(keys: Run, writer: Writer) -> None:
    lost = Sealer([LOST]).seal({"body": "a"})
    writer.message(content=lost)
    writer.message(content=Sealer([OLD]).seal({"body": "b"}))
    done = keys("reseal", NEW, OLD)
    found = by_column(done)["messages.content"]
    assert (done.code, found["resealed"], found["unreadable"]) == (1, 1, 1)
    assert (lost,) in writer.connection.execute("select content from messages").fetchall()
    assert keys("check", NEW, OLD).code == 1


@pytest.fixture
def pool(database_url: str) -> Iterator[Pool]:
    pool = open_pool(database_url, size=2, name="tests", checked=False)
    yield pool
    pool.close()


def test_stopped_in_the_middle_it_goes_on_where_it_ended(keys: Run, writer: Writer, pool: Pool) -> None:
    for _ in range(5):
        writer.message(content=Sealer([OLD]).seal({"body": "a"}))
    for count in Resealing(pool, Sealer([NEW, OLD]), page_rows=2).reseal():
        if count.resealed == 2:
            break
    half_done = by_column(keys("check", NEW, OLD))["messages.content"]["by_key"]
    assert half_done == dict(zip(Sealer([NEW, OLD]).key_names, (2, 3), strict=True))
    assert by_column(keys("reseal", NEW, OLD))["messages.content"]["resealed"] == 3


def test_what_goes_while_it_is_resealed_stays_gone(writer: Writer, pool: Pool) -> None:
    first, second = (writer.message(content=Sealer([OLD]).seal({"body": "a"})) for _ in range(2))
    counts = Resealing(pool, Sealer([NEW, OLD]), page_rows=1).reseal()
    while next(counts).resealed == 0:
        pass
    writer.change(second, content=None)
    list(counts)
    left = writer.connection.execute("select id from messages where content is not null").fetchall()
    assert left == [(first,)]
