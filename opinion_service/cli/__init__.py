"""The operator's commands; `init_app` puts them on an application."""

from flask import Flask

from opinion_service.cli import desk, engines, limits, sources  # noqa: F401 - limits adds to the calendar's group


def init_app(app: Flask) -> None:
    """Register the command groups."""
    for group in (*desk.COMMANDS, *sources.COMMANDS, *engines.COMMANDS):
        app.cli.add_command(group)
