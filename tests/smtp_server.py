"""An SMTP server on loopback that keeps what it is given and fails on demand, one stage at a time."""

import contextlib
import socketserver
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from typing import Any

# Instead of a reply: close the connection, or say nothing until the server is stopped or the client leaves.
DROP = "drop"
HANG = "hang"

REPLIES = {
    "greeting": "220 sink ready",
    "ehlo": "250 sink",
    "starttls": "220 go ahead",
    "auth": "235 signed in",
    "mail": "250 sender taken",
    "rcpt": "250 recipient taken",
    "data": "354 end with a dot",
    "text": "250 kept",
    "quit": "221 goodbye",
}


@dataclass(frozen=True, slots=True)
class Received:
    """One message as it arrived; `sign_in` is the argument of AUTH, `was_encrypted` whether TLS was on."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes
    sign_in: str
    was_encrypted: bool

    def parsed(self) -> Message:
        """Return the message as a reader sees it."""
        return message_from_bytes(self.content)


@dataclass(slots=True)
class SmtpSink:
    """A scripted server: `with SmtpSink({"rcpt": "450 later"}) as sink`.

    replies: what a stage answers instead of its usual words, DROP and HANG included. A message is kept
    when its text has been read to the end, whatever the answer to it is. refused: recipients answered
    with 550. tls: offers STARTTLS with this context. `commands` holds every line heard.
    """

    replies: Mapping[str, str] = field(default_factory=dict)
    refused: frozenset[str] = frozenset()
    tls: ssl.SSLContext | None = None
    messages: list[Received] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)
    _server: socketserver.ThreadingTCPServer | None = None
    _thread: threading.Thread | None = None

    def start(self) -> "SmtpSink":
        """Listen on a free port of 127.0.0.1."""
        sink = self

        class Handler(_Conversation):
            script = sink

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = False
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        return self

    def stop(self) -> None:
        """End all conversations and the server."""
        self.stopped.set()
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()
        self._server = self._thread = None

    @property
    def port(self) -> int:
        """Return the port it listens on."""
        assert self._server is not None
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """Return the address for SMTP_URL."""
        return f"smtp://127.0.0.1:{self.port}"

    def __enter__(self) -> "SmtpSink":
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


class _Ended(Exception):
    """The conversation is over."""


class _Conversation(socketserver.StreamRequestHandler):
    script: SmtpSink
    timeout = 30

    def handle(self) -> None:
        self.encrypted, self.sign_in = False, ""
        self.sender: str = ""
        self.recipients: list[str] = []
        try:
            self._answer("greeting")
            while line := self.rfile.readline(2000):
                self._command(line.decode("latin-1").rstrip("\r\n"))
        except (_Ended, OSError):
            return

    def finish(self) -> None:
        with contextlib.suppress(OSError):
            super().finish()
        if self.encrypted:
            self.connection.close()

    def _command(self, line: str) -> None:
        self.script.commands.append(line)
        verb, _, rest = line.partition(" ")
        act: Any = getattr(self, f"_on_{verb.lower()}", None)
        if act is None:
            self._say("502 not known")
        else:
            act(rest)

    def _on_ehlo(self, _rest: str) -> None:
        if "ehlo" not in self.script.replies:
            offered = ["250-sink", "250-AUTH PLAIN"]
            if self.script.tls is not None and not self.encrypted:
                offered.append("250-STARTTLS")
            self._say("\r\n".join([*offered, "250 8BITMIME"]))
            return
        self._answer("ehlo")

    _on_helo = _on_ehlo

    def _on_starttls(self, _rest: str) -> None:
        self._answer("starttls")
        if self.script.tls is not None and self._reply("starttls").startswith("220"):
            self.request = self.connection = self.script.tls.wrap_socket(self.connection, server_side=True)
            self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", 0)
            self.encrypted = True

    def _on_auth(self, rest: str) -> None:
        self.sign_in = rest
        self._answer("auth")

    def _on_mail(self, rest: str) -> None:
        self.sender, self.recipients = _address(rest), []
        self._answer("mail")

    def _on_rcpt(self, rest: str) -> None:
        address = _address(rest)
        if address in self.script.refused:
            self._say("550 nobody of that name")
            return
        self._answer("rcpt")
        self.recipients.append(address)

    def _on_data(self, _rest: str) -> None:
        self._answer("data")
        if not self._reply("data").startswith("354"):
            return
        lines = []
        while (line := self.rfile.readline(2000)) != b".\r\n":
            if not line:
                raise _Ended
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        content = b"".join(lines)
        recipients = tuple(self.recipients)
        self.script.messages.append(Received(self.sender, recipients, content, self.sign_in, self.encrypted))
        self._answer("text")

    def _on_quit(self, _rest: str) -> None:
        self._answer("quit")
        raise _Ended

    def _on_rset(self, _rest: str) -> None:
        self._say("250 forgotten")

    def _reply(self, stage: str) -> str:
        return self.script.replies.get(stage, REPLIES[stage])

    def _answer(self, stage: str) -> None:
        reply = self._reply(stage)
        if reply == HANG:
            self.connection.settimeout(0.02)
            while not self.script.stopped.is_set():
                try:
                    if not self.connection.recv(1):
                        break
                except TimeoutError:
                    continue
        if reply in (DROP, HANG):
            raise _Ended
        self._say(reply)

    def _say(self, reply: str) -> None:
        self.wfile.write(reply.encode() + b"\r\n")


def _address(rest: str) -> str:
    return rest.partition("<")[2].partition(">")[0]
