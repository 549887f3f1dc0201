"""Builds the Flask application from settings; the only place where the parts meet."""

import hashlib
import hmac

from flask import Flask
from flask_migrate import Migrate

from opinion_service.config import ROOT, Settings, load_settings
from opinion_service.models import db
from opinion_service.models.engine import engine_options, prepare_engine

migrate = Migrate(directory=str(ROOT / "migrations"), compare_type=True)


def create_app(settings: Settings | None = None) -> Flask:
    """Return the application; `settings` come from the environment unless given."""
    chosen = settings or load_settings()
    chosen.instance_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    app = Flask(
        "opinion_service",
        root_path=str(ROOT / "opinion_service"),
        instance_path=str(chosen.instance_dir),
        template_folder=str(ROOT / "templates"),
    )
    _configure(app, chosen)
    db.init_app(app)
    migrate.init_app(app, db, render_as_batch=True)
    prepare_engine(app)
    from opinion_service import cli, web

    web.init_app(app)
    cli.init_app(app)
    return app


def _configure(app: Flask, settings: Settings) -> None:
    url = settings.sqlalchemy_url
    app.config.update(
        DESK=settings,
        SECRET_KEY=settings.secret_key,
        JOURNAL_KEY=hmac.new(settings.secret_key.encode(), b"journal", hashlib.sha256).digest(),
        SQLALCHEMY_DATABASE_URI=url,
        SQLALCHEMY_ENGINE_OPTIONS=engine_options(url),
        MAX_CONTENT_LENGTH=8 * 1024 * 1024,
        SESSION_COOKIE_NAME="__Host-desk" if settings.is_production else "desk",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.is_production,
        WTF_CSRF_TIME_LIMIT=None,
        BOOTSTRAP_SERVE_LOCAL=True,
    )
