"""What an address belongs to: the host that is to be asked politely, the origin a secret may be sent to."""

from urllib.parse import urlsplit, urlunsplit

_PORTS = {"http": 80, "https": 443}


def authority_of(url: str) -> str:
    """Return `host:port` of an http(s) address, ASCII and lower case, the port always named; else empty.

    One robots.txt and one queue belong to each.
    """
    try:
        parts = urlsplit(url.strip())
        port = parts.port or _PORTS[parts.scheme]
        name = parts.hostname or ""
        host = f"[{name}]" if ":" in name else name.encode("idna").decode("ascii").lower().rstrip(".")
    except (ValueError, KeyError, UnicodeError):
        return ""
    return f"{host}:{port}" if host and len(host) <= 253 else ""


def public_link(url: str) -> str:
    """Return the http(s) address that an entry may be linked with, without a user's name and password; else empty."""
    bare = url.strip()
    if not authority_of(bare):
        return ""
    parts = urlsplit(bare)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2])) if "@" in parts.netloc else bare


def shown_address(url: str) -> str:
    """Return the address as a person reads it; where its host is not ASCII, the host as it is asked stands beside it.

    Letters of two scripts look alike: аpple.example with a Cyrillic а is xn--pple-43d.example.
    """
    asked = authority_of(url).rpartition(":")[0]
    return f"{url}（{asked}）" if "xn--" in asked and asked not in url.lower() else url


def origin_of(url: str) -> str:
    """Return `scheme://host:port` of an http(s) address; else empty. A secret never leaves its origin."""
    authority = authority_of(url)
    return f"{urlsplit(url.strip()).scheme}://{authority}" if authority else ""
