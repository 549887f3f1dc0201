"""The operator's commands; `init_app` puts them on an application."""

from flask import Flask

from opinion_service.cli import desk, engines, items, sources
from opinion_service.cli import desk, engines, sentiment, sources


def init_app(app: Flask) -> None:
    """Register the command groups."""
    for group in (*desk.COMMANDS, *sources.COMMANDS, *items.COMMANDS, *engines.COMMANDS):
    for group in (*desk.COMMANDS, *sources.COMMANDS, *engines.COMMANDS, *sentiment.COMMANDS):
        app.cli.add_command(group)
