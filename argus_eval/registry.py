"""One registry for everything that is looked up by name.

Entries are loaded lazily: a registry can list its names without importing what they stand for.
Third parties add entries through the entry-point group named after the kind (``argus_eval.tasks``,
``argus_eval.recipes`` …); a duplicate is refused rather than resolved by import order.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Generic, TypeVar, cast

from argus_eval.errors import UnknownNameError, UsageError

__all__ = ["Registry"]

T = TypeVar("T")


class Registry(Generic[T]):
    """Names of one kind of thing, each with the address it is loaded from: ``module:attribute`` or ``module``.

    Args:
        kind: the singular noun used in messages ("recipe").
        builtin: name → address. Nothing is imported until :meth:`get`.
        group: entry-point group in which other packages may add to it.
    """

    def __init__(self, kind: str, builtin: dict[str, str], group: str) -> None:
        self.kind = kind
        self.group = group
        self._addresses = dict(builtin)
        self._loaded: dict[str, T] = {}
        self._plugins_read = False

    def names(self) -> tuple[str, ...]:
        """Every name, built-in ones first, in order of declaration."""
        self._read_plugins()
        return tuple(self._addresses)

    def get(self, name: str, where: str = "") -> T:
        """The thing registered under ``name``.

        Raises:
            UnknownNameError: no such name; the message carries the nearest ones.
        """
        self._read_plugins()
        if name not in self._addresses:
            raise UnknownNameError(self.kind, name, self._addresses, where)
        if name not in self._loaded:
            address, _, attribute = self._addresses[name].partition(":")
            module = importlib.import_module(address)
            self._loaded[name] = cast(T, getattr(module, attribute) if attribute else module)
        return self._loaded[name]

    def add(self, name: str, address: str) -> None:
        """Register ``address`` under ``name``; refuses a name that is taken."""
        if name in self._addresses:
            raise UsageError(f"{self.kind} {name!r} is registered twice: {self._addresses[name]} and {address}")
        self._addresses[name] = address

    def __contains__(self, name: str) -> bool:
        return name in self.names()

    def __iter__(self) -> Iterator[str]:
        return iter(self.names())

    def _read_plugins(self) -> None:
        if self._plugins_read:
            return
        self._plugins_read = True
        # Imported here: it costs more than everything else a listing does.
        from importlib.metadata import entry_points

        for point in entry_points(group=self.group):
            self.add(point.name, point.value)
