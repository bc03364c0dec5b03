"""A module that cannot be imported."""

raise RuntimeError("somebody's module is broken")
