"""The synthetic samples that are installed with the package.

One file of scenes holds the encoded images; one file a task holds its rows in the schema its data set is published
in. Rows are streamed and joined with their image; no image is decoded, and at most a few hundred stay in memory.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from argus_eval.data.bundled.names import NAMES
from argus_eval.errors import EnvironmentError_, UnknownNameError

if TYPE_CHECKING:
    import pyarrow.parquet as pq

__all__ = ["bundled_categories", "bundled_count", "bundled_names", "image_column", "iter_rows"]

_FOLDER = Path(__file__).parent
_GROUPS_KEPT = 3

#: Where the image stands in a row, where it is not ``image``.
_IMAGE_COLUMN = {"mmmu_val": "image_1"}


def bundled_names() -> tuple[str, ...]:
    """Names of the bundled samples."""
    return NAMES


def image_column(name: str) -> str:
    """Where the image stands in a row of a sample."""
    return _IMAGE_COLUMN.get(name, "image")


def bundled_count(name: str) -> int:
    """Number of rows of a sample.

    Raises:
        UnknownNameError: there is no such sample.
        EnvironmentError_: its file is missing.
    """
    return int(_open(name).metadata.num_rows)


def iter_rows(name: str, columns: Sequence[str] | None = None) -> Iterator[dict[str, object]]:
    """The rows of a sample in their published schema, the image as ``{"bytes": …, "path": …}``.

    Args:
        name: a name of `bundled_names`.
        columns: read only these; without the image column no image is read. None reads all.

    Raises:
        UnknownNameError: there is no such sample.
        EnvironmentError_: its file is missing.
    """
    table = _open(name)
    column = image_column(name)
    present = [field for field in table.schema_arrow.names if field != "scene"]
    wanted = [field for field in present if columns is None or field in columns]
    with_image = columns is None or column in columns
    pool = _Pool() if with_image else None
    for group in range(table.metadata.num_row_groups):
        for row in table.read_row_group(group, columns=["scene", *wanted]).to_pylist():
            scene = str(row.pop("scene"))
            yield row if pool is None else {column: pool.image(scene), **row}


def bundled_categories(name: str) -> list[dict[str, object]]:
    """The ``categories`` list of the native annotation file of a detection sample.

    Raises:
        UnknownNameError: the sample has no categories.
    """
    from argus_eval.data.scenes.annotate import coco_detection, lvis_detection

    makers = {"coco_detection": coco_detection.categories, "lvis_detection": lvis_detection.categories}
    if name not in makers:
        raise UnknownNameError("task", name, makers, "bundled categories")
    return makers[name]()


def _open(name: str) -> pq.ParquetFile:
    if name not in NAMES:
        raise UnknownNameError("task", name, NAMES, "bundled samples")
    return _parquet(_FOLDER / f"{name}.parquet")


def _parquet(path: Path) -> pq.ParquetFile:
    import pyarrow.parquet as pq

    if not path.is_file():
        raise EnvironmentError_(
            f"{path}: this bundled sample is missing; reinstall argus-eval, or in a checkout run "
            "python -m argus_eval.data.bundled.build"
        )
    return pq.ParquetFile(path)


class _Pool:
    """Encoded images by scene, a few row groups at a time."""

    def __init__(self) -> None:
        self._file = _parquet(_FOLDER / "scenes.parquet")
        self._groups: OrderedDict[int, list[dict[str, object]]] = OrderedDict()
        self._where: dict[str, tuple[int, int]] = {}
        for group in range(self._file.metadata.num_row_groups):
            names = self._file.read_row_group(group, columns=["scene"]).column("scene").to_pylist()
            self._where.update((str(scene), (group, at)) for at, scene in enumerate(names))

    def image(self, scene: str) -> dict[str, object]:
        """The encoded image of a scene."""
        group, at = self._where[scene]
        if group not in self._groups:
            images = self._file.read_row_group(group, columns=["image"]).column("image").to_pylist()
            self._groups[group] = images
            if len(self._groups) > _GROUPS_KEPT:
                self._groups.popitem(last=False)
        self._groups.move_to_end(group)
        return dict(self._groups[group][at])
