"""Ports stay those of the last run, where they are free and nobody has asked for another."""

import socket
from pathlib import Path

import pytest

from messaging_pipeline.errors import InvalidSettings
from messaging_pipeline.stack.chosen_ports import ChosenPorts
from messaging_pipeline.stack.kept_ports import KeptPorts
from messaging_pipeline.stack.ports import LOOPBACK, free_ports

ANY = {"PORT": "0"}


def test_without_an_earlier_run_all_are_free_and_different() -> None:
    chosen = ChosenPorts.choose(ANY, KeptPorts())
    found = [chosen.webhooks, chosen.simulator, chosen.smtp, *chosen.metrics.values()]
    assert len(set(found)) == len(found)
    assert chosen.are_free()


def test_those_of_the_last_run_are_taken_again(tmp_path: Path) -> None:
    KeptPorts(*free_ports(4)).keep(tmp_path)
    last = KeptPorts.of_the_last_run(tmp_path)
    chosen = ChosenPorts.choose(ANY, last)
    assert last.are_known
    assert (chosen.webhooks, chosen.simulator, chosen.smtp) == (last.webhooks, last.simulator, last.smtp)


def test_one_that_somebody_has_is_left_to_them() -> None:
    with socket.create_server((LOOPBACK, 0)) as theirs:
        taken = theirs.getsockname()[1]
        assert ChosenPorts.choose(ANY, KeptPorts(simulator=taken)).simulator != taken


def test_the_one_that_is_asked_for_comes_before_the_last_one() -> None:
    wanted, last = free_ports(2)
    assert ChosenPorts.choose({"PORT": str(wanted)}, KeptPorts(webhooks=last)).webhooks == wanted


def test_one_that_is_asked_for_and_taken_is_refused() -> None:
    with socket.create_server((LOOPBACK, 0)) as theirs:
        given = {"PORT": str(theirs.getsockname()[1])}
        with pytest.raises(InvalidSettings, match=r"PORT: \d+ is taken"):
            ChosenPorts.choose(given, KeptPorts())


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"webhooks": 3000', '{"webhooks": "x", "simulator": 1}', "7"])
def test_a_file_that_says_nothing_is_no_obstacle(tmp_path: Path, text: str) -> None:
    (tmp_path / "ports.json").write_text(text)
    assert not KeptPorts.of_the_last_run(tmp_path).are_known


@pytest.mark.parametrize("port", [-1, 65536, "3000", None])
def test_what_is_no_port_is_none(tmp_path: Path, port: object) -> None:
    KeptPorts(webhooks=port, simulator=4010).keep(tmp_path)  # type: ignore[arg-type]
    assert not KeptPorts.of_the_last_run(tmp_path).are_known
