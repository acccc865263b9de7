"""Makes the bundled samples: ``python -m argus_eval.data.bundled.build [FOLDER]``.

The scenes are the same on every machine. Their pixels depend on the version of Pillow in single bits, so the
files are kept in the repository and only made anew when the generator changes.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from argus_eval.data.bundled.columns import POOL, schema_of
from argus_eval.data.bundled.names import NAMES
from argus_eval.data.bundled.plan import bundled_scene, pool_size, select
from argus_eval.data.scenes.annotate.registry import annotate
from argus_eval.data.scenes.render import choose_encoding, encode, render
from argus_eval.data.scenes.scene import Scene, scene_to_text

__all__ = ["build", "main"]

_GROUP = 64  # rows a row group: what a reader holds at once


def build(folder: Path) -> dict[str, int]:
    """Writes the pool and every sample; returns the bytes of each file."""
    folder.mkdir(parents=True, exist_ok=True)
    scenes = [bundled_scene(index) for index in range(pool_size())]
    _write(folder / "scenes.parquet", pa.Table.from_pylist([_pool_row(scene) for scene in scenes], POOL))
    for name in NAMES:
        picked = select(name, [annotate(name, scene) for scene in scenes])
        rows = [{"scene": scenes[at].id, **row} for at, row in picked]
        _write(folder / f"{name}.parquet", pa.Table.from_pylist(rows, schema_of(name)))
    return {path.name: path.stat().st_size for path in sorted(folder.glob("*.parquet"))}


def _pool_row(scene: Scene) -> dict[str, object]:
    encoding = choose_encoding(scene)
    data = encode(render(scene), encoding)
    return {
        "scene": scene.id,
        "image": {"bytes": data, "path": f"{scene.id}.{encoding.suffix}"},
        "width": scene.width,
        "height": scene.height,
        "content": scene_to_text(scene),
    }


def _write(path: Path, table: pa.Table) -> None:
    pq.write_table(table, path, compression="zstd", compression_level=12, row_group_size=_GROUP)


def main(arguments: list[str]) -> int:
    """Command line: the folder, by default this package's own."""
    folder = Path(arguments[0]) if arguments else Path(__file__).parent
    sizes = build(folder)
    for name, size in sizes.items():
        sys.stdout.write(f"{size / 1e6:8.2f} MB  {name}\n")
    sys.stdout.write(f"{sum(sizes.values()) / 1e6:8.2f} MB  together, in {folder}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
