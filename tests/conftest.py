"""The fixtures that every suite may use, by theme."""

pytest_plugins = [
    "tests.plugins.services",
    "tests.plugins.clock",
    "tests.plugins.lives",
    "tests.plugins.runtimes",
    "tests.plugins.simulators",
    "tests.plugins.stacks",
    "tests.plugins.tickets",
]
