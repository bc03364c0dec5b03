"""The command that erases a person."""

from collections.abc import Iterator
from dataclasses import asdict

import click

from messaging_pipeline.cli.output import REFUSED, json_option, print_json
from messaging_pipeline.cli.runtime import command_runtime
from messaging_pipeline.configuration import DEFAULT_TENANT, Configuration
from messaging_pipeline.errors import InvalidInput
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
        _refuse_unknown(runtime.configuration, tenant)
        erasing = Erasing(runtime.pool, runtime.clock, runtime.sealer, runtime.canceling, runtime.configuration)
        erased = erasing.erase(tenant, parsed)
    print_json(_as_json(erased)) if json_wanted else click.echo("\n".join(_lines(masked(parsed), erased)))
    if erased.left or erased.tickets_left:
        raise SystemExit(REFUSED)


def _refuse_unknown(configuration: Configuration, tenant: str) -> None:
    """A misspelt name would find nothing, and look as if all had gone."""
    known = {DEFAULT_TENANT, *configuration.tenants}
    if tenant not in known:
        raise InvalidInput("--tenant", "is unknown", f"use one of: {', '.join(sorted(known))}")


def _as_json(erased: Erased) -> dict[str, object]:
    return {**asdict(erased), "left": [{"id": message_id, "status": status} for message_id, status in erased.left]}


def _lines(number: str, erased: Erased) -> Iterator[str]:
    yield f"{number}:"
    yield f"{erased.canceled:>6}  messages had not left and were canceled"
    yield f"{erased.messages:>6}  messages were erased"
    yield f"{erased.fallback_steps:>6}  fallback steps had not left and were withdrawn"
    yield f"{erased.inbound:>6}  messages from the person were erased"
    yield f"{erased.files:>6}  copies of files that the person sent are being deleted"
    yield f"{erased.redactions:>6}  messages at Twilio are being redacted"
    yield f"{erased.tickets:>6}  records of the person's tickets were erased; the desk itself has them still"
    yield f"{erased.number_health:>6}  records of what carriers said of the number were erased"
    yield f"{erased.consent_lines:>6}  lines of the consent ledger stay, as proof"
    yield f"{erased.consent_proofs:>6}  grants among them stay with the IP address and browser that prove them"
    yield f"{erased.opt_outs:>6}  opt-outs stay in force"
    for message_id, status in erased.left:
        yield f"left: {message_id} is {status}; run this again when it has ended"
    if erased.tickets_left:
        yield f"left: {erased.tickets_left} of the person's messages are going into a ticket; run this again"
