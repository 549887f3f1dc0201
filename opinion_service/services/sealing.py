"""Seals secrets that the desk must use again, with keys derived from SECRET_KEY, one for each purpose."""

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken
from flask import current_app


def seal(plain: str, purpose: str) -> str:
    """Return `plain` as ciphertext for the database; needs an application context."""
    return _fernet(purpose).encrypt(plain.encode()).decode("ascii")


def unseal(sealed: str, purpose: str) -> str | None:
    """Return what was sealed for the same purpose, or None when it was sealed under another SECRET_KEY."""
    try:
        return _fernet(purpose).decrypt(sealed.encode()).decode()
    except (InvalidToken, ValueError):
        return None


def _fernet(purpose: str) -> Fernet:
    key = hashlib.sha256(purpose.encode() + b"\0" + current_app.config["SECRET_KEY"].encode()).digest()
    return Fernet(base64.urlsafe_b64encode(key))
