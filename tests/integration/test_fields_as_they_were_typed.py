"""A command that hands over something wrong names the option, as it was typed."""

import pytest

from tests.support.commands import run_command
from tests.support.factories import environment


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--from", "call me!"), "from_ (--from): is not a sender; "),
        (("--expires-at", "tomorrow"), "expires_at (--expires-at): is no date and time; "),
        (("--media-url", "https://a.example/1.png", "--media-url", "ftp://x"), "media_urls.1 (--media-url 2): "),
        (("--tag", "timezone=America/Denver"), "tags.timezone (--tag timezone): is nearly `time_zone`, "),
        (("--tenant", "acme"), "tenant: 'acme' is not declared; declare [tenants.acme] in messaging.toml"),
        (
            ("--fallback-email", "nobody"),
            "fallback.0.to (--fallback-email): is not an e-mail address; write one such as ",
        ),
    ],
)
def test_the_option_is_named(database_url: str, redis_url: str, options: tuple[str, ...], said: str) -> None:
    surroundings = environment(DATABASE_URL=database_url, REDIS_URL=redis_url)
    ended = run_command(surroundings, "send", "+14155550123", "Hi", *options)
    assert ended.code == 1
    assert ended.err.startswith(f"messaging-pipeline: {said}")
