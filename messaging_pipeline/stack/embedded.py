"""Private servers for a laptop or a test run; they touch no server that they did not start.

Both are children of this process, keep their data in the folder they are given, and end with ``stop()``,
at the end of a ``with`` block, or (on Linux) when this process dies.
"""

from messaging_pipeline.stack.embedded_postgres import Postgres, start_postgres
from messaging_pipeline.stack.embedded_valkey import Valkey, start_valkey

__all__ = ["Postgres", "Valkey", "start_postgres", "start_valkey"]
