"""Values read from a submitted form: what is missing is None, what cannot be read names its field."""

from datetime import datetime

from flask import request

from opinion_service import clock
from opinion_service.domain import typed_values
from opinion_service.domain.errors import InvalidInput


def whole(name: str) -> int | None:
    """Return a field as a whole number that a database holds, or None."""
    number = request.form.get(name, type=int)
    return number if number is not None and abs(number) < 2**62 else None


def several(name: str) -> tuple[int, ...]:
    """Return the whole numbers of a field that may be given several times; what is none is left out."""
    return tuple(number for number in request.form.getlist(name, type=int) if 0 < number < 2**62)


def words(name: str) -> tuple[str, ...]:
    """Return the words of a field, parted by spaces, commas, 、 or line ends; each once, in order."""
    return split_words(request.form.get(name, ""))


def split_words(text: str) -> tuple[str, ...]:
    """Return the words of a text, parted by spaces, commas, 、 or line ends; each once, in order."""
    for mark in "、，,;；|\u3000":
        text = text.replace(mark, " ")
    return tuple(dict.fromkeys(text.split()))


def moment(name: str) -> datetime | None:
    """Return a local time of the desk as an instant, or None; raise InvalidInput for anything else."""
    text = request.form.get(name, "")
    if not text:
        return None
    try:
        at = typed_values.moment(text)
    except ValueError as error:
        raise InvalidInput("时间格式应为 2026-11-24 09:30。", name) from error
    return at if at.tzinfo else at.replace(tzinfo=clock.DESK_ZONE)
