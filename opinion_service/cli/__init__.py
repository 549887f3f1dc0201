"""The operator's commands; `init_app` puts them on an application."""

from flask import Flask

from opinion_service.cli import desk, engines, ladder, sources


def init_app(app: Flask) -> None:
    """Register the command groups."""
    for group in (*desk.COMMANDS, *sources.COMMANDS, *engines.COMMANDS, *ladder.COMMANDS):
        app.cli.add_command(group)
