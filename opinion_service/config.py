"""Settings: read once from the environment, checked, and handed on as one value."""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SHORTEST_KEY = 32
KNOWN_WEAK = frozenset({"change-me", "changeme", "secret", "dev", "development", "example", "password"})


class BadSetting(Exception):
    """A setting cannot be used; the message names it and says what to do."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a deployment may choose. Empty URLs mean the embedded default."""

    environment: str = "development"
    secret_key: str = field(default="", repr=False)
    database_url: str = field(default="", repr=False)
    redis_url: str = field(default="", repr=False)
    smtp_url: str = field(default="", repr=False)
    instance_dir: Path = ROOT / "instance"
    base_url: str = "http://127.0.0.1:8000"
    host: str = "127.0.0.1"
    port: int = 8000
    city_name: str = "益阳市"
    mail_from: str = "desk@desk.example"
    dispatch_threshold: float = 0.85
    idle_minutes: int = 30
    trusted_proxies: int = 0
    private_feed_hosts: frozenset[str] = frozenset()
    private_robot_hosts: frozenset[str] = frozenset()
    audit_ping_url: str = field(default="", repr=False)
    bounce_dir: Path | None = None
    smtp_timeout_s: float = 20.0
    smtp_last_reply_s: float = 90.0

    @property
    def is_production(self) -> bool:
        """Return whether weak settings are to be refused."""
        return self.environment == "production"

    @property
    def spool_dir(self) -> Path:
        """Return the folder where mail is laid down when no SMTP server is set."""
        return self.instance_dir / "spool"

    @property
    def sqlalchemy_url(self) -> str:
        """Return the database URL with the driver this product is tested with."""
        if not self.database_url:
            return f"sqlite:///{self.instance_dir / 'desk.db'}"
        for prefix in ("postgres://", "postgresql://"):
            if self.database_url.startswith(prefix):
                return "postgresql+psycopg://" + self.database_url.removeprefix(prefix)
        return self.database_url


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Return the settings of `environ` (the process's own by default); raise BadSetting for a wrong value.

    In production a missing, short or well-known SECRET_KEY, a plain-http BASE_URL and a missing
    DATABASE_URL are refused; in development a key is made once and kept in the instance folder.
    """
    env = os.environ if environ is None else environ
    settings = Settings(
        environment=_choice(env, "DESK_ENV", ("development", "production")),
        secret_key=env.get("SECRET_KEY", ""),
        database_url=env.get("DATABASE_URL", ""),
        redis_url=env.get("REDIS_URL", ""),
        smtp_url=env.get("SMTP_URL", ""),
        instance_dir=Path(env.get("DESK_INSTANCE") or ROOT / "instance").resolve(),
        host=env.get("HOST") or "127.0.0.1",
        port=_whole(env, "PORT", 8000, 1, 65535),
        base_url=(env.get("BASE_URL") or f"http://127.0.0.1:{env.get('PORT') or 8000}").rstrip("/"),
        city_name=env.get("CITY_NAME") or "益阳市",
        mail_from=env.get("MAIL_FROM") or "desk@desk.example",
        dispatch_threshold=_fraction(env, "DISPATCH_THRESHOLD", 0.85),
        idle_minutes=_whole(env, "IDLE_MINUTES", 30, 1, 1440),
        trusted_proxies=_whole(env, "TRUSTED_PROXIES", 0, 0, 5),
        private_feed_hosts=frozenset(filter(None, env.get("PRIVATE_FEED_HOSTS", "").split(","))),
        private_robot_hosts=frozenset(filter(None, env.get("PRIVATE_ROBOT_HOSTS", "").lower().split(","))),
        audit_ping_url=_web_address(env, "AUDIT_PING_URL"),
        bounce_dir=Path(env["BOUNCE_MAILDIR"]) if env.get("BOUNCE_MAILDIR") else None,
    )
    _refuse_weak(settings)
    return settings if settings.secret_key else _with_kept_key(settings)


def _choice(env: Mapping[str, str], name: str, allowed: tuple[str, ...]) -> str:
    value = env.get(name) or allowed[0]
    if value not in allowed:
        raise BadSetting(f"{name} is {value!r}; it must be one of {', '.join(allowed)}.")
    return value


def _whole(env: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    text = env.get(name) or str(default)
    if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
        raise BadSetting(f"{name} is {text!r}; it must be a whole number from {low} to {high}.")
    return int(text)


def _fraction(env: Mapping[str, str], name: str, default: float) -> float:
    text = env.get(name) or str(default)
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise BadSetting(f"{name} is {text!r}; it must be a number from 0 to 1.")
    return value


def _web_address(env: Mapping[str, str], name: str) -> str:
    text = env.get(name, "").strip()
    if text and not text.startswith(("http://", "https://")):
        raise BadSetting(f"{name} must begin with https:// or http://.")
    return text


def _refuse_weak(settings: Settings) -> None:
    if not settings.is_production:
        return
    key = settings.secret_key
    if len(key) < SHORTEST_KEY or key.lower() in KNOWN_WEAK or len(set(key)) < 10:
        raise BadSetting(f"SECRET_KEY must be at least {SHORTEST_KEY} random characters in production.")
    if not settings.base_url.startswith("https://"):
        raise BadSetting("BASE_URL must begin with https:// in production.")
    if not settings.database_url:
        raise BadSetting("DATABASE_URL must be set in production.")


def _with_kept_key(settings: Settings) -> Settings:
    path = settings.instance_dir / "secret_key"
    settings.instance_dir.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        key = path.read_text(encoding="ascii").strip()
    else:
        key = secrets.token_urlsafe(48)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(key)
    return replace(settings, secret_key=key)
