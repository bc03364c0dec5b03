"""`messaging-pipeline audit` on what a running pipeline has written."""

import json

from tests.plugins.stacks import Command


def test_what_the_running_pipeline_has_written_breaks_no_rule(command: Command) -> None:
    assert command("send", "+15005550101", "Your table is ready.").returncode == 0
    ended = command("audit", "--json")
    assert [one for one in json.loads(ended.stdout) if one["found"]] == []
    assert ended.returncode == 0
