"""How far a metric of this process moved while something happened."""

from prometheus_client import REGISTRY


def sample(name: str, **labels: str) -> float:
    """The value of a metric now; one that was never counted is at nought."""
    return REGISTRY.get_sample_value(name, labels) or 0.0


class Counting:
    """Remembers where a metric stood; ``count`` tells by how much it has grown since."""

    def __init__(self, name: str, **labels: str) -> None:
        self._name, self._labels = name, labels
        self._before = sample(name, **labels)

    @property
    def count(self) -> float:
        return sample(self._name, **self._labels) - self._before


def reports(kind: str) -> Counting:
    """Status reports of one kind: new, repeated, unmatched, unknown_status, unknown_message."""
    return Counting("messaging_reports_total", kind=kind)


def callbacks(answer: str, route: str = "status") -> Counting:
    """Webhook requests of a route by how they were answered."""
    return Counting("messaging_callbacks_total", route=route, answer=answer)
