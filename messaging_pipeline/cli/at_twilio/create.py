"""The command that creates a message at Twilio directly: once, and outside everything that the pipeline promises."""

from typing import Any

import click

from messaging_pipeline.cli.at_twilio.answers import InDoubt, NoAnswer, RefusedByTwilio, refused
from messaging_pipeline.cli.at_twilio.connecting import AccountAtTwilio, account_of
from messaging_pipeline.cli.at_twilio.options import ADDRESS, APPLICATION, SERVICE, tenant_option
from messaging_pipeline.cli.output import json_option, print_json
from messaging_pipeline.messages.phone_numbers import parse_e164
from messaging_pipeline.twilio_api.client import CreateMessage
from messaging_pipeline.twilio_api.outcome import Accepted, NotSent, Outcome, Refused, Unconfirmed

_NOT_OURS = (
    "this message would be neither recorded nor paced, and no opt-out, quiet hour or limit would be asked; "
    "use `messaging-pipeline send`, or add --outside-the-pipeline"
)
_IN_DOUBT = (
    "it may have been sent, so do not repeat it blindly: "
    "`messaging-pipeline twilio messages list --to NUMBER` shows whether it was"
)


@click.command()
@click.option("--to", required=True, help="The recipient (E.164).")
@click.option("--from", "from_", help="The number, short code or name it comes from; or else:")
@click.option("--messaging-service-sid", type=SERVICE, help="The service that chooses the sender.")
@click.option("--body", help="What it says.")
@click.option("--media-url", "media_urls", type=ADDRESS, multiple=True, help="A picture or file; up to ten times.")
@click.option("--status-callback", type=ADDRESS, help="Where Twilio reports on it.")
@click.option("--application-sid", type=APPLICATION, help="An application whose status callback counts.")
@click.option("--provide-feedback", is_flag=True, help="You will report its effect.")
@click.option("--max-price", help="Has had no effect at Twilio since June 2024, and is not sent.")
@click.option("--outside-the-pipeline", is_flag=True, help="Yes, without record, pace and gates.")
@tenant_option
@json_option
def create(json_wanted: bool, tenant: str, outside_the_pipeline: bool, max_price: str | None, **options: Any) -> None:
    """Create a message at Twilio with one request, outside the pipeline.

    For trying out an account. With --json the answer is printed whatever it is: `outcome` is accepted, refused,
    not_sent (nothing happened, try again) or unconfirmed (it may have been sent).
    """
    if not outside_the_pipeline:
        raise click.UsageError(_NOT_OURS)
    message = _message(**options)
    if max_price is not None:
        click.echo("--max-price: has had no effect at Twilio since June 2024; it is not sent", err=True)
    with account_of(tenant) as at_twilio:
        outcome = at_twilio.api.create(message)
        if json_wanted:
            print_json(_as_json(outcome))
        created = _accepted(at_twilio, outcome)
    if not json_wanted:
        click.echo(f"{created.sid}  {created.status}")


def _message(
    to: str,
    from_: str | None,
    messaging_service_sid: str | None,
    body: str | None,
    media_urls: tuple[str, ...],
    **others: Any,
) -> CreateMessage:
    if bool(from_) is bool(messaging_service_sid):
        raise click.UsageError("give either --from or --messaging-service-sid")
    if not body and not media_urls:
        raise click.UsageError("give --body, --media-url or both")
    return CreateMessage(
        parse_e164(to, "--to"),
        body=body,
        media_urls=media_urls,
        from_=from_,
        messaging_service_sid=messaging_service_sid,
        **others,
    )


def _as_json(outcome: Outcome) -> dict[str, Any]:
    match outcome:
        case Accepted(sid, status):
            return {"outcome": "accepted", "sid": sid, "status": status, "error_code": None}
        case Refused(code):
            name = "refused"
        case NotSent(_, code):
            name = "not_sent"
        case Unconfirmed():
            name, code = "unconfirmed", None
    return {"outcome": name, "sid": None, "status": None, "error_code": code}


def _accepted(at_twilio: AccountAtTwilio, outcome: Outcome) -> Accepted:
    match outcome:
        case Accepted():
            return outcome
        case Refused(code, http_status):
            raise refused(at_twilio, code, http_status)
        case NotSent("unreachable"):
            raise NoAnswer(outcome.explanation)
        case NotSent():
            raise RefusedByTwilio(f"nothing was sent ({outcome.explanation}); try again")
        case Unconfirmed():
            raise InDoubt(f"{outcome.explanation}; {_IN_DOUBT}")
