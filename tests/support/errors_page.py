"""Writes ``docs/errors.md`` from the error table: ``python -m tests.support.errors_page``."""

from pathlib import Path

from messaging_pipeline.twilio_api.error_table import ErrorRow, known_errors

_PAGE = Path(__file__).parents[2] / "docs" / "errors.md"

_HEAD = """\
# Twilio's error codes, and what the pipeline makes of them

An error code comes in two ways: in Twilio's answer to a create (`sync`), when nothing was sent, or later in a
status callback (`async`), when a message ended as `failed` or `undelivered`. Some come in both. Each has one
fault, which says who can mend it:

| fault | means | after a create that Twilio refused | after a callback |
| --- | --- | --- | --- |
| `recipient` | this number cannot be reached by this message | `failed` | `undelivered` or `failed`, as Twilio says |
| `content` | the same message would fail again | `failed` | the same |
| `opted_out` | the recipient has said STOP | `suppressed`, and entered in the consent ledger | the same |
| `sender` | the sender or its service must be mended | see *holds* | see *holds* |
| `account` | the account, its credentials or permissions must be mended | see *holds* | see *holds* |
| `transient` | passes by itself | tried again, `transient_retries` times | tried again, `undelivered_retries` times |
| `throttled` | more than a limit allows | tried again, as often as it takes | the same |

**Holds.** A failure that would meet every message of the service holds the service: nothing more leaves through it
until an operator runs `messaging-pipeline services resume`, and the message that met it goes back and waits with the
others. Other failures of a sender or an account end the message alone. So does any of a sender that the message itself
named with `from_`.

**In doubt.** Such a failure does not prove that nothing arrived: after an answer to a create, as after any server
error, the message is `unconfirmed`; after a callback it stays as Twilio says. Neither is sent again.

**The pace.** 20429, 21611, 30001 and 30022 also slow the service or the account down; see [pacing.md](pacing.md).

**Numbers.** A number that is unknown (30005) for the third time is not written to any more.

A code that is not listed is judged by its HTTP status: 401, 403, 404, 407 and redirects are the account's, 429
is a limit, any other 4xx is the message's own. In a callback it counts as in doubt.

The table is `messaging_pipeline/twilio_api/error_table.json`. To add a code: add its row there and in
`tests/data/twilio/error_codes.json`, run `python -m tests.support.errors_page`, and name Twilio's page in the
commit.

| code | Twilio's name | when | fault | what it means |
| --- | --- | --- | --- | --- |
"""


def render() -> str:
    """Return the whole page."""
    return _HEAD + "".join(_line(row) for row in known_errors().values())


def _line(row: ErrorRow) -> str:
    fault = f"`{row.fault}`" + ", in doubt" * row.in_doubt + ", holds" * row.holds
    name = row.name.replace("|", "\\|")
    return f"| [{row.code}]({row.documentation_url}) | {name} | {row.when} | {fault} | {row.explanation} |\n"


if __name__ == "__main__":
    _PAGE.write_text(render(), encoding="utf-8")
