"""The catalogue: every metric has a name that Prometheus people expect, and no label that tells on anybody."""

from collections import Counter

import messaging_pipeline.metrics  # noqa: F401 - every metric is made when this is loaded
from messaging_pipeline.metrics.catalogue import catalogue

NAMING_A_PERSON_OR_MESSAGE = {"to", "from", "number", "phone", "recipient", "message_id", "sid", "id", "body"}


def test_names_begin_alike_and_none_is_there_twice() -> None:
    names = Counter(one.name for one in catalogue())
    assert names.total() > 40
    assert [name for name, count in names.items() if count > 1 or not name.startswith("messaging_")] == []


def test_names_end_as_their_kind_wants_it() -> None:
    wrong = [one.name for one in catalogue() if (one.kind == "counter") != one.name.endswith("_total")]
    wrong += [one.name for one in catalogue() if one.kind == "histogram" and not one.name.endswith("_seconds")]
    assert wrong == []


def test_no_label_names_a_person_or_a_message() -> None:
    assert [one.name for one in catalogue() if NAMING_A_PERSON_OR_MESSAGE & set(one.labels)] == []
