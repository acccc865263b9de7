"""``NAME@URL``: which model on which server, and the key that opens it."""

from __future__ import annotations

import ipaddress
import os
import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from argus_eval.errors import UsageError

__all__ = ["KEY_VARIABLES", "Address", "Secret", "parse_address", "secret_from_environment"]

#: Where the key comes from, in this order. It is never a flag: flags are stored with the run.
KEY_VARIABLES = ("ARGUS_EVAL_API_KEY", "OPENAI_API_KEY")

_FORM = re.compile(r"^(?P<model>.+?)@(?P<url>https?://.+)$")
_SHORTEST_KEY_TO_HIDE = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A model on a server.

    Attributes:
        model: the name the server knows it by.
        root: scheme, host and port.
        base: where ``/chat/completions`` and ``/models`` are found, without a slash at the end.
    """

    model: str
    root: str
    base: str

    @property
    def on_this_machine(self) -> bool:
        """The host is a loopback address: no proxy may stand in between."""
        host = urlsplit(self.root).hostname or ""
        try:
            return ipaddress.ip_address(host).is_loopback
        except ValueError:
            return host == "localhost"


def parse_address(text: str) -> Address:
    """Read what follows ``openai:``.

    A URL without a path means ``/v1`` on that host.

    Raises:
        UsageError: it is no ``NAME@URL``, or it holds credentials, which would be stored with the run.

    >>> parse_address("tiny@http://127.0.0.1:8000").base
    'http://127.0.0.1:8000/v1'
    """
    match = _FORM.match(text)
    if match is None:
        raise UsageError(
            f"--model openai:{text}: expected openai:NAME@URL, such as openai:NAME@http://host:8000/v1"
        )
    parts = urlsplit(match["url"])
    if parts.username or parts.password or parts.query or parts.fragment:
        variables = " or ".join(KEY_VARIABLES)
        raise UsageError(
            f"--model openai:{match['model']}@…: the URL holds more than a place; a key belongs into {variables}"
        )
    if not parts.hostname:
        raise UsageError(f"--model openai:{text}: the URL names no host")
    path = parts.path.rstrip("/").removesuffix("/chat/completions")
    root = f"{parts.scheme}://{parts.netloc}"
    return Address(model=match["model"], root=root, base=root + (path or "/v1"))


@dataclass(frozen=True, slots=True)
class Secret:
    """A key that cannot be printed by accident."""

    _value: str | None = field(default=None, repr=False)

    def header(self) -> dict[str, str]:
        """The header that carries it; none without a key."""
        return {"Authorization": f"Bearer {self._value}"} if self._value else {}

    def hide_in(self, text: str) -> str:
        """``text`` without the key: some servers repeat it in their complaints."""
        if self._value is None or len(self._value) < _SHORTEST_KEY_TO_HIDE:
            return text
        return text.replace(self._value, "[key]")


def secret_from_environment() -> Secret:
    """The first key the environment has."""
    found = (os.environ.get(name, "").strip() for name in KEY_VARIABLES)
    return Secret(next((value for value in found if value), None))
