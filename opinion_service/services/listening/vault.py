"""Seals the credentials of sources with a key derived from SECRET_KEY; what is sealed is never shown again."""

import base64
import hashlib
import json
from dataclasses import dataclass, field

from cryptography.fernet import Fernet, InvalidToken
from flask import current_app


@dataclass(frozen=True, slots=True)
class Credential:
    """What a source asks of its readers: `kind` is basic (user and secret) or bearer (secret alone)."""

    kind: str
    secret: str = field(repr=False)
    user: str = ""

    @property
    def header(self) -> str:
        """Return the value of the Authorization header. Source: RFC 7617, RFC 6750."""
        if self.kind == "bearer":
            return f"Bearer {self.secret}"
        return "Basic " + base64.b64encode(f"{self.user}:{self.secret}".encode()).decode("ascii")


def seal(credential: Credential) -> str:
    """Return the credential as ciphertext for the database; needs an application context."""
    plain = json.dumps({"kind": credential.kind, "user": credential.user, "secret": credential.secret})
    return _fernet().encrypt(plain.encode()).decode("ascii")


def unseal(sealed: str) -> Credential | None:
    """Return the credential, or None when there is none or it was sealed under another SECRET_KEY."""
    if not sealed:
        return None
    try:
        return Credential(**json.loads(_fernet().decrypt(sealed.encode())))
    except (InvalidToken, ValueError, TypeError):
        return None


def _fernet() -> Fernet:
    key = hashlib.sha256(b"source credentials\0" + current_app.config["SECRET_KEY"].encode()).digest()
    return Fernet(base64.urlsafe_b64encode(key))
