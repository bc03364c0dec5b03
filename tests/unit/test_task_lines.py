"""What a task logs names the task and, where it has one, the message."""

import io
import json
import logging
from collections.abc import Iterator
from uuid import uuid4

import pytest

from messaging_pipeline.log import JsonFormatter, MaskedRecord
from workers.boundary import TaskFailed, bounded


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    stream, before = io.StringIO(), logging.getLogRecordFactory()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    monkeypatch.setattr(logging.getLogger("workers.boundary"), "handlers", [handler])
    logging.setLogRecordFactory(MaskedRecord)
    yield stream
    logging.setLogRecordFactory(before)


@bounded
def break_down(message_id: str) -> None:
    raise LookupError("nothing there")


def test_a_task_that_fails_names_itself_and_its_message(lines: io.StringIO) -> None:
    message_id = str(uuid4())
    with pytest.raises(TaskFailed):
        break_down(message_id=message_id)
    told = json.loads(lines.getvalue())
    assert (told["task"], told["message_id"]) == ("break_down", message_id)
    assert "LookupError" in told["traceback"]


def test_what_is_no_message_id_is_not_written(lines: io.StringIO) -> None:
    with pytest.raises(TaskFailed):
        break_down(message_id="Your code is 1234")
    assert "message_id" not in json.loads(lines.getvalue())
    assert "1234" not in lines.getvalue()
