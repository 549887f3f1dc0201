"""Seals the credentials of sources with a key derived from SECRET_KEY; what is sealed is never shown again."""

import base64
import json
from dataclasses import dataclass, field

from opinion_service.services import sealing

PURPOSE = "source credentials"


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
    return sealing.seal(plain, PURPOSE)


def unseal(sealed: str) -> Credential | None:
    """Return the credential, or None when there is none or it was sealed under another SECRET_KEY."""
    plain = sealing.unseal(sealed, PURPOSE) if sealed else None
    try:
        return Credential(**json.loads(plain)) if plain else None
    except (ValueError, TypeError):
        return None
