"""Writes ``docs/errors.md`` from the error table: ``python -m tests.support.errors_page``."""

from pathlib import Path

from messaging_pipeline.twilio_api.error_table import ErrorRow, known_errors

_PAGE = Path(__file__).parents[2] / "docs" / "errors.md"

_HEAD = """\
# Twilio's error codes, and what the pipeline makes of them

An error code comes in two ways: in Twilio's answer to a create (`sync`), when nothing was sent, or later in a
status callback (`async`), when a message ended as `failed` or `undelivered`. Some come in both. Each has one
fault, which says who can mend it:

| fault | means | after a create that Twilio refused |
| --- | --- | --- |
| `recipient` | this number cannot be reached by this message | `failed` |
| `content` | the same message would fail again | `failed` |
| `opted_out` | the recipient has said STOP | `suppressed` |
| `sender` | the sender or its service must be mended | `failed` |
| `account` | the account, its credentials or permissions must be mended | `failed` |
| `transient` | passes by itself | sent again later |
| `throttled` | more than a limit allows | sent again later |

In a callback, Twilio's own word for the status stands, except that an opted-out recipient makes it `suppressed`.

A failure marked *in doubt* does not prove that nothing arrived: after such an answer to a create, as after any
server error, the message is `unconfirmed` and is not sent again.

A code that is not listed is judged by its HTTP status: 401, 403, 404, 407 and redirects are the account's, 429
is a limit, any other 4xx is the message's own. In a callback it counts as `transient` and in doubt.

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
    fault = f"`{row.fault}`, in doubt" if row.in_doubt else f"`{row.fault}`"
    name = row.name.replace("|", "\\|")
    return f"| [{row.code}]({row.documentation_url}) | {name} | {row.when} | {fault} | {row.explanation} |\n"


if __name__ == "__main__":
    _PAGE.write_text(render(), encoding="utf-8")
