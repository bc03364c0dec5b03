"""One run from its beginning to the audit."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from messaging_pipeline.accept.request import ARGUMENTS
from tests.faults import command_line, orders, schedule
from tests.faults.crew import Crew
from tests.faults.enactment import Enactment
from tests.faults.evidence import gather
from tests.faults.ground import Ground, made_ground
from tests.faults.operations import Operations
from tests.faults.options import Options
from tests.faults.producers import Producers
from tests.faults.quiet import Quiet
from tests.faults.records import Records
from tests.faults.texters import Texters

_TEXTS_PER_SECOND = 0.6
_HAND_OVER_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run left behind; ``figures`` are for people."""

    records: Records
    logs: Path
    figures: dict[str, object]


def run(options: Options, say: Callable[[str], None]) -> Outcome:
    """Run everything: the faults, the quiet, the gathering of evidence."""
    with ExitStack() as cleanup:
        ground = cleanup.enter_context(made_ground(options.seed, options.broker, quick=options.quick))
        crew = Crew(ground.environment, ground.logs)
        cleanup.callback(crew.stop)
        crew.start()
        return _Run(options, say, ground, crew).carry_out()


@dataclass(slots=True)
class _Run:
    options: Options
    say: Callable[[str], None]
    ground: Ground
    crew: Crew

    def carry_out(self) -> Outcome:
        """Let everything happen."""
        options, began = self.options, time.monotonic()
        placed = orders.draw(options.seed, options.messages, options.seconds, arguments=ARGUMENTS)
        producers = Producers(self.ground.settings, self.ground.postgres.url, placed)
        texts = round(_TEXTS_PER_SECOND * options.seconds)
        texters = Texters(self.ground.simulator.url, options.seed, options.seconds, texts, placed)
        operations = Operations(self.ground.environment, self.ground.configuration, self.say)
        for one in (operations, texters, producers):
            one.start()
        enactment = Enactment(self.ground, self.crew, operations, self.say)
        enactment.run(schedule.draw(options.seed, options.seconds, full=not options.quick), options.seconds)
        self.say("faults off")
        enactment.end()
        producers.finish(_HAND_OVER_SECONDS)
        texters.finish()
        operations.finish()
        quiet = Quiet(self.ground, producers.owed(), self.say, 15.0 if options.quick else 40.0)
        settled = quiet.wait(self.crew.look_after)
        figures = {
            "handed over": producers.handed_over(),
            "handed over again": producers.again,
            "refused to producers": dict(producers.refused),
            "processes killed": len(self.crew.deaths),
            "resolved by the operator": quiet.resolved,
            "settled": settled,
            "seconds": round(time.monotonic() - began, 1),
        }
        return Outcome(self._records(producers, operations, quiet, placed), self.ground.logs, figures)

    def _records(
        self, producers: Producers, operations: Operations, quiet: Quiet, placed: list[orders.Order]
    ) -> Records:
        owed = producers.owed()
        known = {one.id for one in owed}
        return Records(
            owed=tuple(owed),
            not_handed_over=tuple(order.id for order in placed if order.id not in known),
            deaths=tuple(self.crew.deaths),
            surprises=(*self.crew.surprises, *operations.failures, *quiet.failures),
            api_outages=tuple(self.ground.gate.outages),
            paces={service: tuple(paces) for service, paces in operations.paces.items()},
            pauses={service: tuple(pauses) for service, pauses in operations.pauses.items()},
            own_audit=self._own_audit(),
            **gather(self.ground),
        )

    def _own_audit(self) -> str:
        answer = command_line.run(self.ground.environment, "audit")
        return "" if answer.exit_code == 0 else f"exit code {answer.exit_code}: {answer.words.strip()}"
