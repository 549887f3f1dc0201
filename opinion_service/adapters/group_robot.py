"""Hands one message to the robot of a chat group and says what its server answered.

钉钉, 企业微信 and 飞书 refuse a message with HTTP 200 and a code in the body, so the body decides. The address is
checked and dialled as feeds are: public hosts only unless one is allowed, and no redirect is followed.
"""

import base64
import hashlib
import hmac
import http.client
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from opinion_service.adapters.feed_client import guard, wire
from opinion_service.adapters.mailer import LONGEST_REPLY, Delivery, Outcome

USER_AGENT = "opinion_service"
LONGEST_ANSWER = 64_000
SHORTEST_SECRET = 4
# Too many messages a minute, or a busy server; all other codes will be the same at the next try.
_BUSY: Mapping[str, frozenset[int]] = {
    "dingtalk": frozenset({-1, 130101}),
    "wecom": frozenset({-1, 45009}),
    "feishu": frozenset({11232}),
}
_AGAIN = frozenset({408, 425, 429})


@dataclass(frozen=True, slots=True)
class Robot:
    """Where messages of a group go; `private_hosts` may lie inward. The address and the secret are never shown."""

    kind: str
    url: str = field(repr=False)
    secret: str = field(default="", repr=False)
    private_hosts: frozenset[str] = frozenset()
    timeout_s: float = 15.0


@dataclass(frozen=True, slots=True)
class Message:
    """One message: `message_id` lets a receiver of its own know a repeat; `at` is when it is sent."""

    message_id: str
    subject: str
    body: str
    at: datetime


def send(
    message: Message, robot: Robot, *, on_data: Callable[[], None], resolve: guard.Resolver | None = None
) -> Delivery:
    """Return what became of the message; `on_data` is called when it is about to leave the house.

    Nobody there, a full or broken server and a robot that is asked too often may be tried again; a refusal is final;
    silence after the message was handed over is uncertain. What `on_data` raises passes through, and nothing is sent.
    """
    budget = wire.Budget(time.monotonic() + robot.timeout_s, LONGEST_ANSWER)
    try:
        url, headers, content = _request(message, robot)
        connection = _connect(url, robot, budget, resolve)
    except guard.Refused as refusal:
        return Delivery(Outcome.FAILED, str(refusal))
    except (OSError, ValueError) as error:
        return Delivery(Outcome.RETRY, f"无法连接：{type(error).__name__}。")
    try:
        on_data()
        status, answer = _asked(connection, url, headers, content)
    except (wire.TooLarge, http.client.HTTPException, OSError, ValueError) as error:
        return Delivery(Outcome.UNCERTAIN, f"已发出，未收到答复：{type(error).__name__}。")
    finally:
        connection.close()
    outcome, words = _judged(robot.kind, status, answer)
    return Delivery(outcome, _without_secrets(words, robot)[:LONGEST_REPLY])


def _request(message: Message, robot: Robot) -> tuple[guard.Target, dict[str, str], bytes]:
    """Return address, headers and body; the signatures are those of the services' own descriptions."""
    text = f"{message.subject}\n{message.body}"
    seconds, url, signed = str(int(message.at.timestamp())), robot.url, {}
    payload: dict[str, Any] = {"msgtype": "text", "text": {"content": text}}
    if robot.kind == "feishu":
        payload = {"msg_type": "text", "content": {"text": text}}
        if robot.secret:
            sign = _hmac(f"{seconds}\n{robot.secret}", b"")
            payload |= {"timestamp": seconds, "sign": base64.b64encode(sign).decode()}
    elif robot.kind == "webhook":
        payload = {"id": message.message_id, "subject": message.subject, "text": message.body, "sent_at": seconds}
    elif robot.kind == "dingtalk" and robot.secret:
        stamp = f"{seconds}000"
        sign = _hmac(robot.secret, f"{stamp}\n{robot.secret}".encode())
        query = urlencode({"timestamp": stamp, "sign": base64.b64encode(sign).decode()})
        url = f"{url}{'&' if '?' in url else '?'}{query}"
    content = json.dumps(payload, ensure_ascii=False).encode()
    if robot.kind == "webhook" and robot.secret:
        signed = {"X-Desk-Signature": f"sha256={_hmac(robot.secret, content).hex()}"}
    headers = {"Content-Type": "application/json; charset=utf-8", "User-Agent": USER_AGENT, "Connection": "close"}
    return guard.target_of(url), headers | signed, content


def _connect(target: guard.Target, robot: Robot, budget: wire.Budget, resolve: guard.Resolver | None) -> Any:
    is_own = target.host in robot.private_hosts
    if not is_own and (target.scheme != "https" or target.port not in guard.PORTS):
        raise guard.Refused("机器人地址须为 https，端口须为常用端口。")
    ask = resolve or guard.system_resolver(budget.seconds(wire.CONNECT_S))
    addresses = guard.addresses_of(target, may_be_private=is_own, resolve=ask)
    return wire.connected(target, addresses, None, budget)


def _asked(connection: Any, target: guard.Target, headers: Mapping[str, str], content: bytes) -> tuple[int, bytes]:
    from urllib3.exceptions import HTTPError

    try:
        connection.request(
            "POST", target.path, body=content, headers={"Host": target.host_header, **headers},
            preload_content=False, decode_content=False,
        )  # fmt: skip
        response = connection.getresponse()
        return int(response.status), b"".join(response.stream(8192, decode_content=False))
    except HTTPError as error:
        raise ConnectionError(type(error).__name__) from error


def _judged(kind: str, status: int, answer: bytes) -> tuple[Outcome, str]:
    if status in _AGAIN or status >= 500:
        return Outcome.RETRY, f"HTTP {status}"
    if not 200 <= status < 300:
        return Outcome.FAILED, f"HTTP {status}"
    if kind == "webhook":
        return Outcome.SENT, f"HTTP {status}"
    code, words = _code(answer)
    if code is None:
        return Outcome.UNCERTAIN, f"HTTP {status}，答复无法识别"
    said = f"HTTP {status}，{code} {words}".strip()
    if code == 0:
        return Outcome.SENT, said
    return (Outcome.RETRY if code in _BUSY[kind] else Outcome.FAILED), said


def _code(answer: bytes) -> tuple[int | None, str]:
    """Return the code and the words of a robot's answer; no code when it is not one."""
    try:
        found = json.loads(answer)
    except ValueError:
        return None, ""
    if not isinstance(found, dict):
        return None, ""
    code = next((found[name] for name in ("errcode", "code", "StatusCode") if type(found.get(name)) is int), None)
    words = next((found[name] for name in ("errmsg", "msg", "StatusMessage") if isinstance(found.get(name), str)), "")
    return code, " ".join(words.split())


def _without_secrets(words: str, robot: Robot) -> str:
    """Return the words without the robot's token, which some servers repeat in what they say."""
    query = robot.url.partition("?")[2]
    parts = [robot.url, robot.secret, query, *(pair.partition("=")[2] for pair in query.split("&"))]
    parts += robot.url.partition("?")[0].split("/")[3:]
    for part in sorted(parts, key=len, reverse=True):
        if len(part) > SHORTEST_SECRET:
            words = words.replace(part, "…")
    return words


def _hmac(key: str, content: bytes) -> bytes:
    return hmac.new(key.encode(), content, hashlib.sha256).digest()
