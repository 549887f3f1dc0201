"""The operator's commands; `init_app` puts them on an application."""

from flask import Flask


def init_app(app: Flask) -> None:
    """Register the command groups."""
