"""A cluster in place of one server: how it is named, what it may not be, and that every script fits into it."""

import re
from importlib import resources
from pathlib import Path

import pytest
from redis import RedisError

from messaging_pipeline.errors import InvalidSettings
from messaging_pipeline.pacing.slots import Slots
from messaging_pipeline.pacing.token_bucket import Buckets
from messaging_pipeline.redis_client import open_redis
from messaging_pipeline.settings import Settings

SCRIPTS = sorted(Path(str(resources.files("messaging_pipeline"))).rglob("*.lua"))
NOBODY = "redis+cluster://:hunter2@127.0.0.1:9"


def without_comments(script: Path) -> str:
    return re.sub(r"--[^\n]*", "", script.read_text("utf-8"))


def test_there_are_scripts_to_look_at() -> None:
    assert len(SCRIPTS) >= 5


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_every_script_touches_one_key_and_so_one_node(script: Path) -> None:
    text = without_comments(script)
    assert set(re.findall(r"KEYS\[(\w+)\]", text)) == {"1"}
    named = set(re.findall(r"redis\.call\(\s*'\w+'\s*,\s*([^,)\s]+)", text))
    assert named <= {"KEYS[1]", "key"}
    assert "key" not in named or re.search(r"\bkey\b[^=\n]*=\s*KEYS\[1\]", text)


def test_a_cluster_that_is_away_keeps_no_process_from_starting() -> None:
    redis = open_redis(NOBODY)
    bucket, slots = Buckets(redis).bucket("default", 1, 1), Slots(redis, "account:default", 1, 20)
    for ask in (lambda: bucket.take(1), lambda: slots.take("me"), lambda: redis.set("mp:wake:x", 1)):
        with pytest.raises(RedisError) as error:
            ask()
        assert "hunter2" not in str(error.value)
    redis.close()


@pytest.mark.parametrize(
    "url", ["redis+cluster://127.0.0.1:6379/3", "redis+cluster://127.0.0.1:port", "cluster://host"]
)
def test_what_is_no_address_of_a_cluster_is_refused_with_its_cure(url: str) -> None:
    with pytest.raises(InvalidSettings, match=r"^REDIS_URL: is not a Redis URL; write .*redis\+cluster://"):
        open_redis(url)


def test_a_cluster_is_no_broker() -> None:
    alone = Settings.from_environment({"REDIS_URL": NOBODY})
    with pytest.raises(InvalidSettings, match=r"^CELERY_BROKER_URL: is a Redis Cluster"):
        _ = alone.broker_url
    beside = Settings.from_environment({"REDIS_URL": NOBODY, "CELERY_BROKER_URL": "amqp://127.0.0.1"})
    assert beside.broker_url == "amqp://127.0.0.1"
