"""Plans on the command line: JSON, or an e-mail address for short."""

import pytest

from tests.support.commands import run_command
from tests.support.factories import environment


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (["--fallback", "push"], "is not JSON"),
        (["--fallback", '{"channel": "push"}'], "is not a list of steps"),
        (["--fallback", "[]", "--fallback-email", "a@example.com"], "give either --fallback or --fallback-email"),
    ],
)
def test_what_is_no_plan_is_wrong_usage(options: list[str], word: str) -> None:
    ended = run_command(environment(), "send", "+14155550123", "Hi", *options)
    assert (ended.code, word in ended.err) == (2, True)
