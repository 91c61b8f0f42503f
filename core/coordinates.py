"""A catalogue's vectors in two dimensions, for its map: computed once, kept beside the index as `map.json`.

The file holds {"coordinates": [[x, y], …] in the order of the index's rows, "seed", "vectors_sha"}: the last
ties it to the very vectors, so that a map of an older index is noticed.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.errors import HemlineError
from core.files import read_json, write_json
from core.index import Index

MAP_FILE = "map.json"
MAKE = "make it again with core.coordinates.map_coordinates"

Coordinates = NDArray[np.float32]


def map_coordinates(index: Index, seed: int = 0) -> Coordinates:
    """UMAP of the index's vectors by cosine, float32 [n, 2], each axis brought to [0, 1].

    The same for the same seed on one machine (UMAP then uses a single thread). Of fewer than five garments,
    too few for UMAP, it is a circle.
    """
    count = len(index.ids)
    if count < 5:
        angles = np.linspace(0, 2 * np.pi, count, endpoint=False)
        return _unit_square(np.stack([np.cos(angles), np.sin(angles)], axis=1))
    from umap import UMAP

    made = UMAP(
        n_neighbors=min(15, count - 1),
        min_dist=0.15,
        metric="cosine",
        random_state=seed,
        n_jobs=1,
        init="spectral" if count > 20 else "random",
    )
    return _unit_square(made.fit_transform(np.array(index.vectors)))


def write_coordinates(folder: Path, index: Index, coordinates: Coordinates, seed: int) -> None:
    """Keep the coordinates, float [n, 2], in the index's `folder`, with six digits each."""
    rows = [[round(float(x), 6), round(float(y), 6)] for x, y in coordinates]
    write_json(folder / MAP_FILE, {"coordinates": rows, "seed": seed, "vectors_sha": index.card.vectors_sha})


def read_coordinates(folder: Path, index: Index) -> Coordinates | None:
    """The coordinates kept in the index's `folder`, float32 [n, 2]; None where there are none.

    HemlineError where they are of other vectors, or not coordinates.
    """
    path = folder / MAP_FILE
    if not path.is_file():
        return None
    value = read_json(path)
    if not isinstance(value, dict) or value.get("vectors_sha") != index.card.vectors_sha:
        raise HemlineError(f"{path} is not the map of these vectors; remove it, or {MAKE}")
    try:
        found = np.array(value.get("coordinates"), dtype=np.float32)
    except (TypeError, ValueError):
        raise HemlineError(f"{path} holds no coordinates; {MAKE}") from None
    if found.shape != (len(index.ids), 2) or not np.isfinite(found).all():
        raise HemlineError(f"{path} does not hold two finite numbers for each garment; {MAKE}")
    return found


def _unit_square(points: NDArray[np.floating]) -> Coordinates:
    low, high = points.min(axis=0), points.max(axis=0)
    return ((points - low) / np.where(high > low, high - low, 1)).astype(np.float32)
