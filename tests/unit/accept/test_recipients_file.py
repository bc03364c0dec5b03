"""Files of messages: what each line means, and what is said about a wrong one."""

import json
from pathlib import Path

import pytest

from messaging_pipeline.accept.recipients_file import read_recipients
from messaging_pipeline.errors import InvalidInput


def a_file(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def test_a_csv_line_becomes_the_arguments_of_a_send(tmp_path: Path) -> None:
    path = a_file(
        tmp_path,
        "r.csv",
        "to,body,service,media_urls,fallback_email,fallback_subject\n"
        '+14155550123,"Hi, Ada",alerts,https://example.com/a https://example.com/b,a@example.com,Sorry\n',
    )
    (line,) = read_recipients(path)
    arguments = dict(line.arguments)
    assert arguments.pop("idempotency_key").endswith(":2")
    assert (line.number, arguments) == (
        2,
        {
            "to": "+14155550123",
            "body": "Hi, Ada",
            "service": "alerts",
            "media_urls": ["https://example.com/a", "https://example.com/b"],
            "fallback": [{"channel": "email", "to": "a@example.com", "subject": "Sorry"}],
        },
    )


def test_columns_of_tags_are_gathered_and_an_empty_cell_is_no_tag(tmp_path: Path) -> None:
    text = "to,body,tag.intent,tag.time_zone\n+14155550123,Hi,otp,\n+14155550124,Hi,,\n"
    first, second = read_recipients(a_file(tmp_path, "r.csv", text))
    assert first.arguments["tags"] == {"intent": "otp"}
    assert "tags" not in second.arguments


def test_an_unknown_column_is_refused_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"column tags: is not a known name.*body, expires_at.*to, tag\.NAME"):
        read_recipients(a_file(tmp_path, "r.csv", "to,body,tags\n"))


def test_a_cell_may_hold_a_whole_plan(tmp_path: Path) -> None:
    plan = [{"channel": "push", "to": "a-device"}, {"channel": "email", "to": "a@example.com"}]
    cell = json.dumps(plan).replace('"', '""')
    (line,) = read_recipients(a_file(tmp_path, "r.csv", f'to,body,fallback\n+14155550123,Hi,"{cell}"\n'))
    assert line.arguments["fallback"] == plan


def test_an_empty_cell_is_not_an_argument(tmp_path: Path) -> None:
    (line,) = read_recipients(a_file(tmp_path, "r.csv", "to,body,service\n+14155550123,Hi,\n"))
    assert "service" not in line.arguments


def test_a_json_line_is_the_arguments(tmp_path: Path) -> None:
    text = json.dumps({"to": "+14155550123", "tags": {"a": "b"}}) + "\n\n"
    (line,) = read_recipients(a_file(tmp_path, "r.jsonl", text))
    assert (line.number, line.arguments["tags"]) == (1, {"a": "b"})


def test_the_same_file_gives_the_same_keys_and_another_file_others(tmp_path: Path) -> None:
    text = "to,body\n+14155550123,Hi\n+14155550124,Hi\n"
    keys = [line.arguments["idempotency_key"] for line in read_recipients(a_file(tmp_path, "a.csv", text))]
    again = [line.arguments["idempotency_key"] for line in read_recipients(a_file(tmp_path, "b.csv", text))]
    other = [
        line.arguments["idempotency_key"] for line in read_recipients(a_file(tmp_path, "c.csv", text + "\n+1,x\n"))
    ]
    assert keys == again
    assert len(set(keys)) == 2
    assert not set(keys) & set(other)


def test_a_key_of_its_own_is_kept(tmp_path: Path) -> None:
    (line,) = read_recipients(a_file(tmp_path, "r.csv", "to,body,idempotency_key\n+14155550123,Hi,mine\n"))
    assert line.arguments["idempotency_key"] == "mine"


def test_a_file_saved_by_a_spreadsheet_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_bytes(b"\xef\xbb\xbfto,body\r\n+14155550123,Hi\r\n")
    assert len(read_recipients(path)) == 1


@pytest.mark.parametrize(
    ("name", "text", "field"),
    [
        ("r.csv", "to,body,colour\n", "column colour"),
        ("r.csv", "to,body,tag.\n", "column tag."),
        ("r.csv", "body\n", "column to"),
        ("r.csv", "", "column to"),
        ("r.csv", "to,body\n+1,Hi,extra\n", "line 2"),
        ("r.csv", "to,body,fallback\n+1,Hi,push\n", "line 2"),
        ("r.csv", "to,body,fallback,fallback_email\n+1,Hi,[],a@example.com\n", "line 2"),
        ("r.csv", 'to,body\n+1,"Hi\n', "line 2"),
        ("r.jsonl", '{"to": "+1"}\nnonsense\n', "line 2"),
        ("r.jsonl", "[1]\n", "line 1"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, name: str, text: str, field: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        read_recipients(a_file(tmp_path, name, text))
    assert refusal.value.field == field


def test_a_file_that_is_not_there_or_not_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="cannot be read"):
        read_recipients(tmp_path / "nowhere.csv")
    (tmp_path / "b.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InvalidInput, match="not UTF-8"):
        read_recipients(tmp_path / "b.csv")
