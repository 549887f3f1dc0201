"""The pages of the desk; `init_app` puts them on an application."""

from flask import Flask


def init_app(app: Flask) -> None:
    """Register everything the web needs."""
