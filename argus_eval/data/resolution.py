"""Which data a task runs on: explicit path, local cache, hub, bundled synthetic sample, in this order.

What was asked for and what was used are both kept, printed and stored; a synthetic sample never passes for the
benchmark it stands in for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from argus_eval.data.bundled_table import BundledTable
from argus_eval.data.cache import cached
from argus_eval.data.fresh_seed import fresh_seed
from argus_eval.data.hub import download, unreachable_because
from argus_eval.data.local import open_local
from argus_eval.data.rows import BadRow, Row, RowSource
from argus_eval.data.schemas.fields import records, texts
from argus_eval.data.schemas.registry import SCHEMAS
from argus_eval.data.schemas.schema import Schema
from argus_eval.data.source import SourceSpec
from argus_eval.errors import EnvironmentError_, SampleError, UsageError

__all__ = ["ResolvedData", "Resolved", "resolve"]

Resolved = Literal["local", "cache", "hub", "bundled", "fresh"]
#: What is no benchmark.
SYNTHETIC: tuple[Resolved, ...] = ("bundled", "fresh")


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedData:
    """The data a task runs on.

    Attributes:
        requested: what was asked for: "auto", "hub", "bundled", "fresh:SEED" or a path.
        resolved: what was used.
        source: path, or hub id and revision.
        synthetic: it is the bundled sample, not the benchmark.
        banner: what must be said before anything else; ``None`` where nothing must.
        table: the rows.
        spec: where the task's data is published.
    """

    requested: str
    resolved: Resolved
    source: str
    table: RowSource = field(repr=False)
    spec: SourceSpec = field(repr=False)
    banner: str | None = None

    @property
    def synthetic(self) -> bool:
        """It is the bundled sample or made of scenes like it, not the benchmark."""
        return self.resolved in SYNTHETIC

    def rows(self, columns: Sequence[str] | None = None) -> Iterator[Row | BadRow]:
        """Rows of the split, streamed; each call starts anew.

        Args:
            columns: read these only; ``None`` reads what the schema uses.
        """
        wanted = self._schema.read_columns if columns is None else tuple(columns)
        wanted = (*wanted, *(name for name in self.spec.where if name not in wanted))
        for row in self.table.rows(wanted):
            if isinstance(row, BadRow) or self._kept(row):
                yield row

    def count(self) -> int | None:
        """Number of rows, without touching an image; ``None`` where only reading everything would tell."""
        if not self.spec.where:
            return self.table.count()
        return sum(1 for _ in self.rows(()))

    def count_samples(self) -> int | None:
        """Number of samples: a row of RefCOCO is several. Bad rows are still among them."""
        multiplicity = self._schema.multiplicity
        if multiplicity is None:
            return self.count()
        columns, samples_of = multiplicity
        return sum(1 if isinstance(row, BadRow) else samples_of(row) for row in self.rows(columns))

    def references(self) -> Iterator[tuple[str, ...]]:
        """Reference texts of every row, without its image; nothing where the schema names none.

        CIDEr weighs words by how many images of the *whole* data set they describe, whatever ``--limit`` says.
        """
        column = self._schema.references
        if column is None:
            return
        for row in self.rows((column,)):
            if not isinstance(row, BadRow):
                try:
                    yield texts(row, column)
                except SampleError:  # the row is reported as bad where samples are made of it
                    continue

    def categories(self) -> tuple[Mapping[str, object], ...]:
        """Categories of a detection data set, each with ``id``, ``name`` and what else its file says of them."""
        if "categories" not in self._schema.read_columns:
            return ()
        first = next((row for row in self.rows(("categories",)) if not isinstance(row, BadRow)), {})
        return tuple(records(first.get("categories"), "categories")) if first else ()

    @property
    def _schema(self) -> Schema:
        return SCHEMAS.get(self.spec.schema)

    def _kept(self, row: Row) -> bool:
        return all(str(row.get(column)) == value for column, value in self.spec.where.items())


def resolve(
    spec: SourceSpec, requested: str | None, *, strict: bool, ci: bool, bundled: str | None
) -> ResolvedData:
    """Find the data of a task.

    Args:
        spec: where it is published.
        requested: the ``--data`` of this task: a path, "hub", "bundled", "fresh:SEED"; ``None`` tries everything
            else in order.
        strict: ``--strict-data``: never fall back to the bundled sample.
        ci: the environment says ``CI``: same.
        bundled: name of the bundled sample; ``None`` if the task has none.

    Raises:
        UsageError: the path is missing, empty, or not the task's data.
        EnvironmentError_: nothing was found and the bundled sample is refused or absent, or a download failed.
    """
    schema = SCHEMAS.get(spec.schema)
    if requested == "bundled":
        return _bundled(spec, schema, bundled, requested, None)
    if requested is not None and (seed := fresh_seed(requested)) is not None:
        return _fresh(spec, schema, bundled, requested, seed)
    if requested == "hub":
        if spec.hub is None:
            raise UsageError(f"--data hub: this benchmark has no hub copy; {_advice(spec)}")
        if reason := unreachable_because():
            raise EnvironmentError_(f"--data hub: {reason}; {spec.hub} cannot be loaded")
        return _resolved(spec, schema, download(spec), requested, "hub")
    if requested is not None:
        table = open_local(Path(requested).expanduser(), spec, schema)
        return _resolved(spec, schema, table, requested, "local")
    if table_in_cache := cached(spec):
        return _resolved(spec, schema, table_in_cache, "auto", "cache")
    reason = "no script-free hub copy exists" if spec.hub is None else unreachable_because()
    if reason is None:
        try:
            return _resolved(spec, schema, download(spec), "auto", "hub")
        except EnvironmentError_ as problem:
            reason = str(problem)
    if strict or ci:
        why = "--strict-data is given" if strict else "CI is set"
        raise EnvironmentError_(
            f"data of {spec.hub or spec.schema} not found: no local copy, and {reason}; the bundled synthetic "
            f"sample is refused because {why}; give --data PATH"
        )
    return _bundled(spec, schema, bundled, "auto", reason)


def _resolved(
    spec: SourceSpec, schema: Schema, table: RowSource, requested: str, resolved: Resolved
) -> ResolvedData:
    found = table.columns()
    data = ResolvedData(requested=requested, resolved=resolved, source=table.name, table=table, spec=spec)
    if found and (problem := schema.missing(found)):
        raise UsageError(f"{table.name}: {problem}")
    if absent := [column for column in spec.where if found and column not in found]:
        raise UsageError(f"{table.name}: column {absent[0]!r}, by which the split is chosen, is missing")
    if data.count() == 0:
        chosen = ", ".join(f"{column} = {value!r}" for column, value in spec.where.items())
        raise UsageError(f"{table.name}: the data set is empty" + (f" (no row has {chosen})" if chosen else ""))
    return data


def _bundled(
    spec: SourceSpec, schema: Schema, bundled: str | None, requested: str, reason: str | None
) -> ResolvedData:
    if bundled is None:
        why = reason or "this task has no bundled sample"
        raise EnvironmentError_(f"data of {spec.hub or spec.schema} not found: {why}; {_advice(spec)}")
    table = BundledTable(name=f"bundled sample {bundled!r}", sample=bundled, shared=_shared(schema))
    data = _resolved(spec, schema, table, requested, "bundled")
    because = f" ({reason})" if reason else ""
    banner = (
        f"SYNTHETIC DATA: {bundled} runs on {data.count_samples()} bundled items, not on the benchmark{because}; "
        + _advice(spec)
    )
    return replace(data, banner=banner)


def _fresh(spec: SourceSpec, schema: Schema, bundled: str | None, requested: str, seed: int) -> ResolvedData:
    from argus_eval.data.fresh_table import FreshTable

    if bundled is None:
        raise UsageError(f"--data {requested}: the scenes cannot be asked this task's questions; {_advice(spec)}")
    name = f"fresh synthetic scenes (seed {seed})"
    table = FreshTable(name=name, sample=bundled, seed=seed, shared=_shared(schema))
    data = _resolved(spec, schema, table, requested, "fresh")
    return replace(data, banner=f"SYNTHETIC DATA: {bundled} runs on {name}, not on the benchmark; {_advice(spec)}")


def _shared(schema: Schema) -> tuple[str, ...]:
    return tuple(column for column in schema.columns if column == "categories")


def _advice(spec: SourceSpec) -> str:
    if spec.hub is not None:
        return f"for the real one give --data PATH or let {spec.hub} be loaded"
    return f"for the real one give --data FOLDER with the official files ({', '.join(spec.native.values())})"
