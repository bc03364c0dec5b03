"""``python -m tests.bench``: measures, prints the table, and exits 1 when a check has failed."""

import sys
from collections.abc import Sequence

from messaging_pipeline.errors import PipelineError
from messaging_pipeline.stack.interruption import interruptible
from tests.bench import report
from tests.bench.options import parse
from tests.bench.run import run
from tests.bench.waiting import StoodStill

_INTERRUPTED = 130


def main(argv: Sequence[str]) -> int:
    """Return 0, or 1 when something was not sent exactly once, not applied, or did not run at all."""
    options = parse(argv)
    try:
        with interruptible():
            results = run(options)
    except (StoodStill, PipelineError) as error:
        sys.stderr.write(f"\n{error}\n")
        return 1
    except KeyboardInterrupt:
        return _INTERRUPTED
    print(report.table(options, results))
    if options.json:
        report.write_json(options.json, options, results)
    return 1 if results.problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
