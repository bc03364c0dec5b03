"""The command that erases a person."""

from collections.abc import Iterator
from dataclasses import asdict

import click

from messaging_pipeline.cli.output import REFUSED, json_option, print_json
from messaging_pipeline.cli.runtime import command_runtime
from messaging_pipeline.cli.tenants import refuse_undeclared
from messaging_pipeline.forgetting.person import Erased, Erasing
from messaging_pipeline.messages.phone_numbers import masked, parse_e164


@click.command()
@click.argument("number")
@click.option("--tenant", help="Whose recipient it is.", default="default", show_default=True)
@json_option
def forget(number: str, tenant: str, json_wanted: bool) -> None:
    """Erase what is held of a NUMBER: texts, fallback plans, what the person wrote, the number itself.

    What has not left is canceled. The consent ledger and the opt-outs stay: they are the proof that the person may not
    be written to. Leaves with 1 when a message is still on its way; run it again when that has ended.
    """
    parsed = parse_e164(number, "NUMBER")
    with command_runtime() as runtime:
        refuse_undeclared(tenant, runtime.configuration)
        erasing = Erasing(runtime.pool, runtime.clock, runtime.sealer, runtime.canceling, runtime.configuration)
        erased = erasing.erase(tenant, parsed)
    print_json(_as_json(erased)) if json_wanted else click.echo("\n".join(_lines(masked(parsed), erased)))
    if erased.left or erased.tickets_left:
        raise SystemExit(REFUSED)


def _as_json(erased: Erased) -> dict[str, object]:
    return {**asdict(erased), "left": [{"id": message_id, "status": status} for message_id, status in erased.left]}


_MEANINGS = {
    "canceled": "messages had not left and were canceled",
    "messages": "messages were erased",
    "fallback_steps": "fallback steps had not left and were withdrawn",
    "inbound": "messages from the person were erased",
    "files": "copies of files that the person sent are being deleted",
    "redactions": "messages at Twilio are being redacted",
    "tickets": "records of the person's tickets were erased; the desk itself has them still",
    "number_health": "records of what carriers said of the number were erased",
    "consent_lines": "lines of the consent ledger stay, as proof",
    "consent_proofs": "grants among them stay with the IP address and browser that prove them",
    "opt_outs": "opt-outs stay in force",
}


def _lines(number: str, erased: Erased) -> Iterator[str]:
    counted = {meaning: getattr(erased, name) for name, meaning in _MEANINGS.items()}
    if not any([*counted.values(), erased.left, erased.tickets_left]):
        yield f"{number}: nothing was found"
        return
    yield f"{number}:"
    yield from (f"{count:>6}  {meaning}" for meaning, count in counted.items() if count)
    for message_id, status in erased.left:
        yield f"left: {message_id} is {status}; run this again when it has ended"
    if erased.tickets_left:
        yield f"left: {erased.tickets_left} of the person's messages are going into a ticket; run this again"
