"""The operator's commands; `init_app` puts them on an application."""

from importlib import import_module

from flask import Flask

MODULES = (
    "backup",
    "desk",
    "engines",
    "events",
    "evidence",
    "forecast",
    "items",
    "ladder",
    "limits",
    "reading_models",
    "routing",
    "search",
    "source_lists",
    "sources",
)


def init_app(app: Flask) -> None:
    """Register the command groups."""
    for name in MODULES:
        for group in import_module(f"{__name__}.{name}").COMMANDS:
            app.cli.add_command(group)
