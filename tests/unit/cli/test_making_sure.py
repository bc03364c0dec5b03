"""What destroys something is asked for first: by somebody at a terminal, or with --yes."""

import io

import click
import pytest

from messaging_pipeline.cli.at_twilio.options import make_sure


class Terminal(io.StringIO):
    """Somebody who types."""

    def isatty(self) -> bool:
        return True


def test_yes_beforehand_asks_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    make_sure("All of it goes.", yes=True)


def test_a_program_has_to_say_yes_beforehand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    with pytest.raises(click.UsageError, match=r"All of it goes.*--yes"):
        make_sure("All of it goes.", yes=False)


def test_somebody_at_a_terminal_is_asked_and_may_say_no(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", Terminal("y\nn\n"))
    make_sure("All of it goes.", yes=False)
    with pytest.raises(click.Abort):
        make_sure("All of it goes.", yes=False)
    assert capsys.readouterr().err.count("All of it goes.") == 2
