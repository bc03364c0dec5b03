"""What the papers say is so: settings, metrics, commands, start lines, links, examples of configuration."""

import re
import shlex
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
import pytest

from messaging_pipeline.accept.recipients_file import read_recipients
from messaging_pipeline.accept.request import ARGUMENTS
from messaging_pipeline.cli.main import cli
from messaging_pipeline.configuration import load_configuration
from messaging_pipeline.queues import Task
from messaging_pipeline.settings import Settings
from messaging_pipeline.stack import command_lines
from tests.support import metrics_page
from tests.support.factories import configuration_file, settings
from tests.support.papers import Block, Paper, blocks, paper, papers
from tests.support.product_source import PROJECT

RUN_BY_A_TEST = {"sh", "python"}
LOADED_BY_A_TEST = {"toml"}
TO_BE_READ = {"console", "text"}
CONFIGURATION = [block for block in blocks("toml") if not block.place.startswith("docs/simulator.md")]

START_LINES = {
    ("messaging-pipeline", "migrate"),
    command_lines.WEBHOOKS,
    command_lines.DELIVER_WORKER,
    command_lines.EVENTS_WORKER,
    command_lines.BEAT,
}
MENTIONED_COMMAND = re.compile(r"messaging-pipeline ([a-z][a-z-]*)(?: ([a-z][a-z-]*))?")
MENTIONED_TARGET = re.compile(r"(?:^|\s)make (?!an? )([a-z]+)")
MENTIONED_DECISION = re.compile(r"\bADR (\d+)")

by_name = pytest.mark.parametrize("page", papers(), ids=lambda page: page.name)


def documented_settings() -> list[tuple[str, ...]]:
    return [
        (f"`{field.alias}`", "" if field.default is None else f"`{_plain(field.default)}`", field.description or "")
        for field in Settings.model_fields.values()
        if field.alias
    ]


def _plain(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def as_rows(cells: Sequence[tuple[str, ...]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in cells)


def test_the_table_of_variables_says_what_the_settings_say() -> None:
    assert as_rows(paper("docs/configuration.md").table("variable")) == as_rows(documented_settings())


def test_the_table_of_metrics_lists_every_metric_with_its_labels() -> None:
    """When it does not: ``python -m tests.support.metrics_page``."""
    assert as_rows(paper("docs/metrics.md").table("metric")) == as_rows(metrics_page.rows())


def transcripts(page: Paper) -> Iterator[tuple[str, ...]]:
    """The commands that a page shows at a prompt, as a shell would split them."""
    for block in page.blocks():
        if block.language == "console":
            for command in re.findall(r"^\$ ((?:.*\\\n)*.*)$", block.text, re.MULTILINE):
                yield tuple(word for word in shlex.split(command) if word.strip())


def test_the_start_lines_are_those_that_the_stack_uses() -> None:
    shown = list(transcripts(paper("docs/operations.md")))
    started = [line for line in shown if line[0] in {"celery", "python", "messaging-pipeline"}]
    assert Counter(started) == Counter(START_LINES)


@by_name
def test_no_page_shows_a_worker_that_the_stack_does_not_start(page: Paper) -> None:
    assert {line for line in transcripts(page) if line[0] == "celery"} <= START_LINES


@by_name
def test_every_link_leads_somewhere(page: Paper) -> None:
    assert [link for link in page.links() if not leads_somewhere(page, link)] == []


def leads_somewhere(page: Paper, link: str) -> bool:
    file, _, anchor = link.partition("#")
    target = (page.path.parent / file).resolve() if file else page.path
    if not target.exists():
        return False
    return not anchor or anchor in paper(str(target.relative_to(PROJECT))).anchors()


def test_every_page_of_the_docs_is_found_from_the_index() -> None:
    pages = {page.path.name for page in papers() if page.path.parent == PROJECT / "docs"}
    linked = {link for link in paper("docs/index.md").links() if not link.startswith("pictures/")}
    assert pages - {"index.md"} == linked - {"../README.md", "adr"}


def exists(command: click.Command, names: Sequence[str]) -> bool:
    """Tell whether a group holds what is named; what follows a command that is no group is its arguments."""
    if not names or not isinstance(command, click.Group):
        return True
    below = command.get_command(click.Context(command), names[0])
    return below is not None and exists(below, names[1:])


@by_name
def test_every_command_that_is_mentioned_exists(page: Paper) -> None:
    mentioned = [match for code in page.code() for match in MENTIONED_COMMAND.findall(code)]
    assert [names for names in mentioned if not exists(cli, [name for name in names if name])] == []


@by_name
def test_every_make_target_that_is_mentioned_exists(page: Paper) -> None:
    targets = set(re.findall(r"^([a-z]+):", (PROJECT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert {name for code in page.code() for name in MENTIONED_TARGET.findall(code)} - targets == set()


@by_name
def test_every_block_is_run_or_loaded_or_marked_as_something_to_read(page: Paper) -> None:
    known = RUN_BY_A_TEST | LOADED_BY_A_TEST | TO_BE_READ
    assert [block.place for block in page.blocks() if block.language not in known] == []


@pytest.mark.parametrize("block", CONFIGURATION, ids=lambda block: block.place)
def test_every_example_of_a_configuration_file_can_be_loaded(block: Block, tmp_path: Path) -> None:
    loaded = load_configuration(settings(MESSAGING_CONFIG=configuration_file(tmp_path, block.text)))
    assert loaded.services


def test_there_are_examples_of_the_configuration_file_where_they_are_looked_for() -> None:
    assert {block.place.partition(":")[0] for block in CONFIGURATION} == {
        "README.md",
        "docs/compliance.md",
        "docs/configuration.md",
        "docs/consent.md",
        "docs/data.md",
        "docs/events.md",
        "docs/fallback.md",
        "docs/how-to.md",
        "docs/inbound.md",
        "docs/media.md",
        "docs/one-time-codes.md",
        "docs/spending.md",
        "docs/tenants.md",
        "docs/tickets.md",
        "docs/twilio-account.md",
    }


def test_the_readme_names_every_argument_and_every_task_of_producers() -> None:
    codes = set(paper("README.md").code())
    assert ARGUMENTS - codes == set()
    assert {Task.SEND.value, Task.SEND_MANY.value, Task.CANCEL.value} - codes == set()


def test_the_readme_counts_the_messages_of_the_demonstration() -> None:
    recipients = PROJECT / "messaging_pipeline" / "stack" / "demo" / "data" / "recipients.csv"
    assert f"hands over {len(read_recipients(recipients))} messages" in " ".join(paper("README.md").prose.split())


def test_the_plan_of_the_house_shows_every_room() -> None:
    plan = next(block.text for block in paper("docs/architecture.md").blocks())
    rooms = {path.stem for path in (PROJECT / "messaging_pipeline").iterdir() if not path.name.startswith(("_", "py."))}
    assert rooms - set(plan.split()) == set()


@by_name
def test_no_page_knows_the_machine_it_was_written_on(page: Paper) -> None:
    private = {str(PROJECT), str(Path.home()), "/tmp/", "/root/", "/home/"} - {"/"}
    assert [place for place in private if place in page.text] == []


def decisions() -> dict[int, Paper]:
    return {int(page.path.name[:4]): page for page in papers() if page.path.parent.name == "adr"}


def test_decisions_are_numbered_from_one_without_gaps() -> None:
    names = [page.path.name for page in papers() if page.path.parent.name == "adr"]
    assert [int(name[:4]) for name in names] == list(range(1, len(names) + 1))


def test_every_decision_has_its_number_context_decision_and_consequences() -> None:
    for number, page in decisions().items():
        assert page.text.startswith(f"# {number}. "), page.name
        assert re.findall(r"^## (.+)$", page.text, re.MULTILINE) == ["Context", "Decision", "Consequences"], page.name


def test_every_decision_that_is_cited_was_written_down() -> None:
    sources = [*PROJECT.glob("messaging_pipeline/**/*.py"), *PROJECT.glob("w*/**/*.py")]
    texts = [page.text for page in papers()] + [source.read_text("utf-8") for source in sources]
    cited = {int(number) for text in texts for number in MENTIONED_DECISION.findall(text)}
    assert cited - set(decisions()) == set()
