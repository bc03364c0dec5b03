"""A file of messages handed in from the shell: what is new, what was there before, and what is refused."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.plugins.simulators import QUICK_SERVICE
from tests.support.commands import Finished, run_command
from tests.support.factories import configuration_file, environment

SendFile = Callable[..., Finished]


@pytest.fixture
def surroundings(database_url: str, redis_url: str, tmp_path: Path) -> dict[str, str]:
    path = configuration_file(tmp_path, QUICK_SERVICE)
    return environment(DATABASE_URL=database_url, REDIS_URL=redis_url, MESSAGING_CONFIG=path)


@pytest.fixture
def send_file(surroundings: dict[str, str], tmp_path: Path) -> SendFile:
    """Hand in a file with this text."""

    def send(text: str, *options: str, name: str = "recipients.csv") -> Finished:
        file = tmp_path / name
        file.write_text(text, "utf-8")
        return run_command(surroundings, "send-bulk", str(file), *options)

    return send


def test_a_file_handed_in_twice_says_that_it_was_accepted_before(send_file: SendFile) -> None:
    text = "to,body\n+14155550101,one\n+14155550102,two\n"
    assert send_file(text).lines == ["2 new, 0 accepted before, 0 refused"]
    assert send_file(text).lines == ["0 new, 2 accepted before, 0 refused"]
    told = send_file(text, "--json").json
    assert (told["new"], told["accepted_before"], told["refused"], len(told["accepted"])) == (0, 2, [], 2)


def test_two_lines_with_one_key_are_one_message(send_file: SendFile) -> None:
    text = "to,body,idempotency_key\n" + "+14155550101,one,the-key\n" * 2
    assert send_file(text).lines == ["1 new, 1 accepted before, 0 refused"]


def test_a_mistake_on_every_line_is_told_twenty_times_and_counted(send_file: SendFile) -> None:
    ended = send_file("to,body\n" + "+1415,Hi\n" * 3000)
    errors = ended.err.splitlines()
    assert ended.code == 1
    assert [line.partition(":")[0] for line in errors[:20]] == [f"line {number}" for number in range(2, 22)]
    assert errors[20:] == ["and 2,980 more"]
    assert ended.lines == ["0 new, 0 accepted before, 3,000 refused", "Nothing was accepted."]


def test_up_to_twenty_mistakes_are_told_in_full_and_the_rest_is_accepted(send_file: SendFile) -> None:
    ended = send_file("to,body\n+14155550101,one\n" + "+1415,Hi\n" * 20)
    assert (ended.code, len(ended.err.splitlines())) == (1, 20)
    assert ended.lines == ["1 new, 0 accepted before, 20 refused"]


def test_a_file_that_cannot_be_read_to_its_end_is_refused_whole(send_file: SendFile) -> None:
    ended = send_file('{"to": "+14155550101", "body": "one"}\nnonsense\n', name="recipients.jsonl")
    assert (ended.code, ended.out) == (1, "")
    assert "line 2: is not JSON" in ended.err
    assert "nothing was accepted" in ended.err


def test_tags_come_from_columns_of_their_own(send_file: SendFile, surroundings: dict[str, str]) -> None:
    text = "to,body,tag.time_zone,tag.intent\n+442071234567,Hi,Europe/London,\n+442071234568,Hi,Mars/Olympus,otp\n"
    ended = send_file(text, "--json")
    (message_id,) = ended.json["accepted"]
    assert run_command(surroundings, "messages", "show", message_id, "--json").json["tags"] == {
        "time_zone": "Europe/London"
    }
    assert [one["line"] for one in ended.json["refused"]] == [3]
    assert "tags.time_zone: is not a known time zone" in ended.json["refused"][0]["error"]
