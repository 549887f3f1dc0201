"""What a browser sends, freed of characters that no text of the desk may hold."""

import re

from flask import Request
from werkzeug.datastructures import ImmutableMultiDict

# Everything below the space but tab and line ends, and DEL: PostgreSQL refuses the first of them, XML most, and a
# word processor pastes some (a soft line break is \x0b).
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class DeskRequest(Request):
    """A request whose form values hold no control characters; a soft line break becomes a line end."""

    def _load_form_data(self) -> None:
        is_read = "form" in self.__dict__
        super()._load_form_data()
        if not is_read:
            values = [(name, _cleaned(value)) for name, value in self.__dict__["form"].items(multi=True)]
            self.__dict__["form"] = ImmutableMultiDict(values)


def _cleaned(text: str) -> str:
    return _CONTROL.sub("", text.replace("\x0b", "\n"))
