"""What people write becomes a ticket, through real processes, and they are told its number."""

from messaging_pipeline.simulator.control_client import SimulatorControl
from messaging_pipeline.stack.local import LocalStack
from tests.support.waiting import eventually

SERVICE = "MG00000000000000000000000000000004"
PERSON = "+14155550398"


def test_two_messages_stand_in_one_ticket_and_both_are_answered(stack: LocalStack) -> None:
    assert stack.simulator is not None
    with SimulatorControl(stack.simulator.url) as control:
        known = len(control.tickets())

        def told() -> list[str]:
            return [one["body"] for one in control.messages(PERSON)["messages"] if "ticket" in one["body"]]

        answered = len(told())
        control.receive_text(PERSON, SERVICE, "It does not ring.", posts=2)
        eventually(lambda: len(told()) == answered + 1, "the first answer")
        control.receive_text(PERSON, SERVICE, "Now it rings.")
        eventually(lambda: len(told()) == answered + 2, "the second answer")
        (ticket,) = control.tickets()[known:] or control.tickets()[-1:]
        assert [text.splitlines()[0] for text in ticket["entries"][-2:]] == ["It does not ring.", "Now it rings."]
        assert all(ticket["number"] in text for text in told()[-2:])
