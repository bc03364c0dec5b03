"""``python -m tests.faults``: runs the proof, prints what held, and exits 1 when a rule is broken."""

import logging
import shutil
import sys
from collections.abc import Sequence

from messaging_pipeline.errors import PipelineError
from messaging_pipeline.stack.interruption import interruptible
from tests.faults import report
from tests.faults.options import parse
from tests.faults.rules import violations
from tests.faults.run import run

_INTERRUPTED = 130


def main(argv: Sequence[str]) -> int:
    """Return 0 when every rule holds, 1 when one is broken or the run did not come to its end."""
    options = parse(argv)
    logging.getLogger("psycopg.pool").setLevel(logging.CRITICAL)  # the database is away on purpose
    _say(f"seed {options.seed}: {options.messages} messages, faults for {options.seconds:g} s")
    try:
        with interruptible():
            outcome = run(options, _say)
    except PipelineError as error:
        _say(f"\n{error}\nseed {options.seed}; replay with: {options.command()}")
        return 1
    except KeyboardInterrupt:
        return _INTERRUPTED
    broken = violations(outcome.records)
    for line in report.lines(options, outcome, broken):
        _say(line)
    if broken:
        report.write_evidence(outcome.records, outcome.logs)
        return 1
    shutil.rmtree(outcome.logs, ignore_errors=True)
    return 0


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
