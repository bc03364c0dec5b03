"""The people of the demonstration's scenes are nobody, and each is another."""

import re

from messaging_pipeline.stack.demo.stage import somebody


def test_no_two_scenes_have_the_same_person() -> None:
    people = [somebody() for _ in range(200)]
    assert len(set(people)) == len(people)
    assert [one for one in people if not re.fullmatch(r"\+1[2-9]\d\d55501\d\d", one)] == []
