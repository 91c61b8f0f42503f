"""A catalogue's map: two coordinates for each garment; where a vector lies on it; how far to trust it.

`map.json` lies in the index folder with the hash of the vectors it was made from, and is not read beside
others. Only making a map needs UMAP and scikit-learn. A UMAP model cannot be kept without a pickle, so a
vector from outside is placed among its nearest garments, as UMAP's own `transform` begins: an approximation.
"""

from dataclasses import asdict, dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import HemlineError
from core.files import read_json, write_json
from core.index import load_card, load_index

MAP_FILE = "map.json"
MAKE = "python -m core.atlas --index INDEX"
NEIGHBOURS = 15  # of UMAP, and of a vector that is placed
AMONG = 10  # of a garment's nearest, those that are nearest on the map as well are counted
MIN_DIST = 0.15
DECIMALS = 4
_LEAST = 5  # garments; UMAP's spectral start needs a few
_CHUNK = 1024  # rows compared with all others at once

Rows = NDArray[np.float32]
Places = NDArray[np.float64]


@dataclass(frozen=True)
class Map:
    """`coordinates` [n, 2], in the order of the index's rows, each axis within [0, 1].

    `kept` [n] says of each garment how many of its `among` nearest by cosine are among its `among` nearest on
    the map; `misplaced` how far a garment that is placed by `place`, as if it were from outside, comes to lie
    from where it is (the median, in widths of the map). `method`, `metric`, `neighbours`, `min_dist` and
    `seed` are what made it; `vectors_sha` is the index's.
    """

    coordinates: list[list[float]]
    kept: list[int]
    among: int
    misplaced: float
    method: str
    metric: str
    neighbours: int
    min_dist: float
    seed: int
    vectors_sha: str

    @property
    def neighbours_kept(self) -> float:
        """The mean share (0 to 1) of a garment's nearest that are its nearest on the map as well."""
        return float(np.mean(self.kept)) / self.among

    @cached_property
    def places(self) -> Places:
        """The coordinates as an array, float64 [n, 2]."""
        return np.array(self.coordinates, dtype=np.float64)


def make_map(index_folder: Path, seed: int = 0) -> Map:
    """UMAP (McInnes et al. 2018) of an index's vectors by cosine, in one thread: a seed gives one map.

    Written as `map.json` into the folder. HemlineError for an index of fewer than 5 garments.
    """
    index = load_index(index_folder)
    if len(index.ids) < _LEAST:
        raise HemlineError(f"{index_folder} holds {len(index.ids)} garments; a map needs {_LEAST} or more")
    import umap

    neighbours = min(NEIGHBOURS, len(index.ids) - 1)
    vectors = np.array(index.vectors)
    start = "spectral" if len(vectors) > 4 * NEIGHBOURS else "random"
    reducer = umap.UMAP(
        n_neighbors=neighbours, min_dist=MIN_DIST, metric="cosine", random_state=seed, n_jobs=1, init=start
    )
    raw = np.asarray(reducer.fit_transform(vectors), dtype=np.float64)
    places = ((raw - raw.min(axis=0)) / np.maximum(np.ptp(raw, axis=0), 1e-9)).round(DECIMALS)
    among = min(AMONG, len(vectors) - 1)
    made = Map(
        coordinates=places.tolist(),
        kept=neighbours_kept(vectors, places, among).tolist(),
        among=among,
        misplaced=round(_misplaced(vectors, places), DECIMALS),
        method=f"umap-learn {umap.__version__}, init {start}",
        metric="cosine",
        neighbours=neighbours,
        min_dist=MIN_DIST,
        seed=seed,
        vectors_sha=index.card.vectors_sha,
    )
    write_json(index_folder / MAP_FILE, asdict(made))
    return made


def read_map(index_folder: Path, vectors_sha: str) -> Map:
    """The map beside an index with these vectors.

    HemlineError where there is none, where it was made from other vectors, or is damaged.
    """
    path = index_folder / MAP_FILE
    again = f"make it with {MAKE}"
    if not path.is_file():
        raise HemlineError(f"this catalogue has no map yet; {again}")
    value = read_json(path)
    if not isinstance(value, dict) or set(value) != {item.name for item in fields(Map)}:
        raise HemlineError(f"this catalogue's map is damaged or of another version of Hemline; {again}")
    if value["vectors_sha"] != vectors_sha:
        raise HemlineError(f"this catalogue's map was made before its garments changed; {again}")
    found = Map(**value)
    shape = found.places.shape
    if shape != (len(found.kept), 2) or not np.isfinite(found.places).all():
        raise HemlineError(f"this catalogue's map is damaged; {again}")
    return found


def load_map(index_folder: Path) -> Map | None:
    """The map beside an index; None where there is none of its vectors that can be read."""
    try:
        return read_map(index_folder, load_card(index_folder).vectors_sha)
    except HemlineError:
        return None


def neighbours_kept(vectors: Rows, places: Places, among: int) -> NDArray[np.int64]:
    """How many of each row's `among` nearest by cosine (unit rows [n, d]) are so in `places` [n, 2]: [n]."""
    from sklearn.neighbors import NearestNeighbors

    near = [
        NearestNeighbors(n_neighbors=among).fit(rows).kneighbors(return_distance=False)
        for rows in (vectors, places)  # of unit rows, the nearest by distance are those by cosine
    ]
    return np.array([len(set(a) & set(b)) for a, b in zip(*near, strict=True)])


def place(
    queries: Rows,
    vectors: Rows,
    places: Places,
    neighbours: int = NEIGHBOURS,
    skip: NDArray[Any] | None = None,
) -> tuple[Places, NDArray[np.float64]]:
    """Where unit vectors [q, d] lie on the map of unit rows [n, d] at `places` [n, 2]: [q, 2], spreads [q].

    Each lies at the weighted mean of its nearest rows' places, with UMAP's own weights: exp(-(d - d1) / s) of
    the cosine distance d, d1 that of the nearest, and s such that they sum to log2 of `neighbours`. The
    spread is the weighted root mean square of how far those rows lie from there: where it is large they lie
    apart, and the place means little. `skip` [q] is a row for each that does not count.
    """
    count = min(neighbours, len(vectors) - (skip is not None))
    found, spreads = np.empty((len(queries), 2)), np.empty(len(queries))
    for start in range(0, len(queries), _CHUNK):
        some = slice(start, start + _CHUNK)
        scores = queries[some] @ vectors.T
        if skip is not None:
            scores[np.arange(len(scores)), skip[some]] = -np.inf
        near = np.argpartition(-scores, count - 1, axis=1)[:, :count]
        apart = 1 - np.take_along_axis(scores, near, axis=1).astype(np.float64)
        weights = _weights(apart)[:, :, None]
        around = places[near]
        middle = (weights * around).sum(axis=1) / weights.sum(axis=1)
        found[some] = middle
        square = (weights[:, :, 0] * ((around - middle[:, None]) ** 2).sum(axis=2)).sum(axis=1)
        spreads[some] = np.sqrt(square / weights[:, :, 0].sum(axis=1))
    return found, spreads


def _weights(apart: NDArray[np.float64]) -> NDArray[np.float64]:
    """UMAP's membership strengths of distances [q, k], before they are made to sum to one."""
    beyond = apart - apart.min(axis=1, keepdims=True)
    low, high = np.full((len(apart), 1), 1e-9), np.full((len(apart), 1), 1e3)
    for _ in range(64):
        middle = np.sqrt(low * high)
        too_wide = np.exp(-beyond / middle).sum(axis=1, keepdims=True) > np.log2(max(2, apart.shape[1]))
        low, high = np.where(too_wide, low, middle), np.where(too_wide, middle, high)
    return np.exp(-beyond / np.sqrt(low * high))


def _misplaced(vectors: Rows, places: Places) -> float:
    placed, _ = place(vectors, vectors, places, skip=np.arange(len(vectors)))
    return float(np.median(np.linalg.norm(placed - places, axis=1)))
