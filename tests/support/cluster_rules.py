"""The alerts as Prometheus' operator takes them: ``python -m tests.support.cluster_rules`` writes them anew."""

from textwrap import indent

from tests.support.product_source import PROJECT

ALERTS = PROJECT / "docs" / "deploy" / "prometheus" / "alerts.yml"
RULES = PROJECT / "docs" / "deploy" / "kubernetes" / "monitoring" / "rules.yaml"
_HEAD = """\
# docs/deploy/prometheus/alerts.yml for Prometheus' operator: change it there, run python -m tests.support.cluster_rules
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: messaging-pipeline
  labels: { app.kubernetes.io/component: monitoring }
spec:
"""


def as_resource() -> str:
    """The groups of the alerts, word for word, in a resource of the cluster's."""
    _, opening, groups = ALERTS.read_text("utf-8").partition("groups:\n")
    return _HEAD + indent(opening + groups, "  ")


if __name__ == "__main__":
    RULES.write_text(as_resource(), "utf-8")
