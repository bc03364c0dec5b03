"""The examples of the papers do what they say, against the whole pipeline as processes."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from messaging_pipeline import Settings
from messaging_pipeline.stack.local import LocalStack
from tests.plugins.stacks import BREAKABLE, RABBITMQ, REDIS, LookUp
from tests.support.papers import Block, blocks, paper
from tests.support.waiting import eventually

COMMANDS = {"sh": ("bash", "-euo", "pipefail", "-c"), "python": (sys.executable, "-W", "error", "-c")}
PATIENCE_SECONDS = 240
LINE_OF_A_LIFE = re.compile(r"^  \+ *[\d.]+ s  (.*)$", re.MULTILINE)

on_redis = pytest.mark.parametrize("stack", [REDIS], indirect=True)
on_rabbitmq = pytest.mark.parametrize("stack", [RABBITMQ], indirect=True)

Run = Callable[[Block], str]


#: The tests' own Postgres forgets at a crash what it has committed, and the doctor would say so.
EXAMINATIONS = [block for block in blocks("sh") if "messaging-pipeline doctor" in block.text]
EXAMPLES = [block for block in blocks(*COMMANDS) if block not in EXAMINATIONS]


@pytest.fixture
def run(stack: LocalStack, tmp_path: Path) -> Run:
    """Run a block beside the stack of this test."""
    return run_beside(stack, tmp_path)


def run_beside(stack: LocalStack, folder: Path) -> Run:
    """Run a block as somebody would who has pasted what `up` prints; return what it says."""
    environment = {
        **stack.environment,
        "CELERY_BROKER_URL": Settings.from_environment(stack.environment).broker_url,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }

    def run_block(block: Block) -> str:
        done = subprocess.run(
            [*COMMANDS[block.language], block.text],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, ""), f"{block.place}: {done.stderr}"
        return done.stdout

    return run_block


def block_with(text: str) -> Block:
    (found,) = [block for block in blocks(*COMMANDS) if text in block.text]
    return found


@on_redis
@pytest.mark.parametrize("block", EXAMPLES, ids=lambda block: block.place)
def test_every_example_runs(block: Block, run: Run) -> None:
    assert run(block).strip() or "print" not in block.text


@BREAKABLE
@pytest.mark.parametrize("block", EXAMINATIONS, ids=lambda block: block.place)
def test_every_examination_finds_all_well(block: Block, breakable_stack: LocalStack, tmp_path: Path) -> None:
    said = run_beside(breakable_stack, tmp_path)(block).splitlines()
    assert {line.split()[0] for line in said} == {"ok", "skipped"}


@on_redis
def test_the_example_for_celery_prints_the_messages_id_and_the_message_is_delivered(run: Run, look_up: LookUp) -> None:
    block = block_with("booking-4711-ready")
    fresh = Block(block.place, block.language, block.text.replace("booking-4711", "booking-4713"))
    message_id = str(UUID(run(fresh).strip()))
    eventually(lambda: (look_up(message_id) or {}).get("status") == "delivered", "the delivery")


@on_rabbitmq
def test_the_example_for_rabbitmq_is_delivered(run: Run, look_up: LookUp) -> None:
    block = block_with("x-queue-type")
    message_id = str(uuid4())
    told = block.text.replace("ignore_result=True", f"ignore_result=True, task_id={message_id!r}")
    run(Block(block.place, block.language, told + "\nproducer.pool.force_close_all()\n"))
    eventually(lambda: (look_up(message_id) or {}).get("status") == "delivered", "the delivery")


@on_redis
def test_a_failure_looks_the_way_the_readme_shows_it(run: Run, look_up: LookUp, stack: LocalStack) -> None:
    block = block_with("--fallback-email ada@example.com)")
    message_id = re.findall(r"^message +(\S+)$", run(block), re.MULTILINE)[0]
    eventually(lambda: [step["state"] for step in (look_up(message_id) or {})["fallback"]] == ["sent"], "the e-mail")
    again = Block(block.place, block.language, f"messaging-pipeline messages show {message_id}")
    told = LINE_OF_A_LIFE.findall(run(again))
    (shown,) = [block.text for block in paper("README.md").blocks() if "fallback 1 (email) starts" in block.text]
    for line in LINE_OF_A_LIFE.findall(shown):
        beginning = line.removesuffix(" ...")
        assert [one for one in told if one.startswith(beginning)] != [], beginning
