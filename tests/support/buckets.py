"""The simulated S3 as a service's bucket: its section of messaging.toml, and the keys that open it."""

from collections.abc import Iterator
from contextlib import contextmanager

from messaging_pipeline.simulator.configuration import SimulatorConfig
from messaging_pipeline.simulator.in_thread import simulator_in_thread
from messaging_pipeline.simulator.running import Simulator
from messaging_pipeline.simulator.s3_signature import ACCESS_KEY_ID, SECRET_ACCESS_KEY

KEYS = {"BUCKET_KEY_ID": ACCESS_KEY_ID, "BUCKET_KEY": SECRET_ACCESS_KEY}
MENU = "s3://media/menus/today 1+1.png"


def section(simulator: Simulator, buckets: str = 'default = ["media"]') -> str:
    """``[media.s3]`` for a bucket ``media`` at a simulator."""
    return f"""
[media.s3]
region = "eu-central-1"
endpoint_url = "{simulator.url}/s3"
access_key_id = "env:BUCKET_KEY_ID"
secret_access_key = "env:BUCKET_KEY"
[media.s3.buckets]
{buckets}
"""


@contextmanager
def s3() -> Iterator[Simulator]:
    """Run a simulator for its S3 alone."""
    with simulator_in_thread(SimulatorConfig(smtp_port=None)) as simulator:
        yield simulator
