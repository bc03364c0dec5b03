"""Plays the scenes one after the other and tells whether each came to its end."""

from collections.abc import Callable
from typing import TextIO

from messaging_pipeline.runtime import Runtime
from messaging_pipeline.simulator.control_client import SimulatorControl
from messaging_pipeline.stack.demo.scenes import conversation, fallbacks, missed_call, picture, quiet_hours, silence
from messaging_pipeline.stack.demo.stage import SceneFailed, Stage


def play_scenes(runtime: Runtime, simulator_url: str, broker_url: str, out: TextIO) -> bool:
    """Play all of them; one that fails does not keep the others from being played."""
    with SimulatorControl(simulator_url) as control:
        stage = Stage(runtime, control, out)
        played = [
            _play(stage, title, scene)
            for title, scene in (
                (conversation.TITLE, conversation.play),
                (picture.TITLE, picture.play),
                (silence.TITLE, silence.play),
                (quiet_hours.TITLE, quiet_hours.play),
                (missed_call.TITLE, missed_call.play),
                (fallbacks.TITLE, lambda stage: fallbacks.play(stage, broker_url)),
            )
        ]
    return all(played)


def _play(stage: Stage, title: str, scene: Callable[[Stage], None]) -> bool:
    stage.out.write(f"\n{title}:\n\n")
    try:
        scene(stage)
    except SceneFailed as failure:
        stage.say(f"This scene stopped: {failure}")
        return False
    return True
