"""The operator's commands; `init_app` puts them on an application."""

from flask import Flask

from opinion_service.cli import (
    backup,
    desk,
    engines,
    events,
    evidence,
    forecast,
    items,
    ladder,
    limits,
    reading_models,
    routing,
    search,
    source_lists,
    sources,
)

MODULES = (
    backup,
    desk,
    engines,
    events,
    evidence,
    forecast,
    items,
    ladder,
    limits,
    reading_models,
    routing,
    search,
    source_lists,
    sources,
)


def init_app(app: Flask) -> None:
    """Register the command groups."""
    for module in MODULES:
        for group in module.COMMANDS:
            app.cli.add_command(group)
