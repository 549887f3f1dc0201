"""An empty desk in a temporary folder, for the benchmarks."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Flask
from flask_migrate import upgrade

from opinion_service import clock
from opinion_service.app import create_app
from opinion_service.config import Settings
from opinion_service.models import db
from opinion_service.services import maintenance


@contextmanager
def empty_desk() -> Iterator[Flask]:
    """Yield an application with reference data on SQLite, inside its context."""
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(Settings(secret_key="benchmark" * 5, instance_dir=Path(folder)))
        with app.app_context():
            upgrade()
            maintenance.load_reference(now=clock.now())
            yield app
            db.session.remove()
            db.engine.dispose()
