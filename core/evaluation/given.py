"""Vectors that any system made, read from a file and checked: what they must be, and why they are refused.

A file holds `gallery_ids` [n], `gallery_vectors` [n, d], `query_keys` [q] and `query_vectors` [q, d]:
`.npz` those four arrays; `.safetensors` the two arrays of vectors, and the two lists of names as JSON in its
metadata; `.parquet` four columns of those names, where a row is a photo, a query or both and its other cells
are null. Nothing pickled is read.
"""

import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.datasets.garments import is_id
from core.errors import HemlineError
from core.files import sha256_file

NAMES = ("gallery_ids", "query_keys")
VECTORS = ("gallery_vectors", "query_vectors")
SUFFIXES = (".npz", ".safetensors", ".parquet")

UNIT_WITHIN = 1e-3
"""How far from 1 the length of a unit vector may be; float16 rounds to less."""


@dataclass(frozen=True)
class Embeddings:
    """Vectors float32 [n, d] of gallery photos and [q, d] of queries, with their ids and keys.

    Ids differ from each other, and keys do; every vector is finite and of length 1 within `UNIT_WITHIN`.
    """

    path: Path
    sha256: str
    normalised: bool
    gallery_ids: tuple[str, ...]
    gallery_vectors: np.ndarray
    query_keys: tuple[str, ...]
    query_vectors: np.ndarray

    def queries(self, keys: Sequence[str]) -> np.ndarray:
        """The vectors of exactly these queries, float32 [q, d] in their order.

        HemlineError where the file lacks one of them or has one more: a figure is of all queries or none.
        """
        row = {key: number for number, key in enumerate(self.query_keys)}
        refuse_other_queries(str(self.path), self.query_keys, keys)
        return self.query_vectors[[row[key] for key in keys]]

    def gallery(self, ids: Sequence[str], known: Sequence[str]) -> np.ndarray:
        """The vectors of these photos, float32 [n, d] in their order.

        HemlineError where the file lacks one, or holds a photo that is not among `known`, the dataset's.
        """
        row = {id_: number for number, id_ in enumerate(self.gallery_ids)}
        lacking = [id_ for id_ in ids if id_ not in row]
        if lacking:
            raise HemlineError(
                f"{self.path} lacks {len(lacking)} of the gallery's {len(ids)} photos (first: {lacking[0]}); "
                "bring a vector for each"
            )
        strange = [id_ for id_ in self.gallery_ids if id_ not in set(known)] if set(row) - set(known) else []
        if strange:
            raise HemlineError(
                f"{self.path} has {len(strange)} photos that are in no gallery of this split "
                f"(first: {strange[0]}); it is of other data, or give those of this split alone"
            )
        return self.gallery_vectors[[row[id_] for id_ in ids]]

    def facts(self) -> dict[str, Any]:
        """What a result says of where the vectors came from."""
        return {
            "name": self.path.name,
            "kind": "given embeddings",
            "file_sha256": self.sha256,
            "dim": int(self.query_vectors.shape[1]),
            "normalised": self.normalised,
        }


def refuse_other_queries(where: str, given: Sequence[str], wanted: Sequence[str]) -> None:
    """HemlineError unless `given` are exactly the queries `wanted`, in any order."""
    there, asked = set(given), set(wanted)
    lacking = [key for key in wanted if key not in there]
    if lacking:
        raise HemlineError(
            f"{where} lacks {len(lacking)} of the split's {len(wanted)} queries (first: {lacking[0]}); "
            "a figure is given for all of them or not at all"
        )
    extra = [key for key in given if key not in asked]
    if extra:
        raise HemlineError(
            f"{where} has {len(extra)} queries that are not of this split (first: {extra[0]}); "
            "its annotations are of another split or version"
        )


def read_embeddings(path: Path, normalise: bool = False) -> Embeddings:
    """The vectors in the file, its ending saying the format; with `normalise` brought to length 1 first.

    HemlineError, one sentence, for a file that is not there, damaged, of another format or pickled; an array
    that lacks, is not of numbers, or not as long as its names; names that are no texts or stand twice; and
    vectors that are not finite, of other lengths than 1, or of different dimensions on the two sides.
    """
    path = Path(path)
    readers = {".npz": _npz, ".safetensors": _safetensors, ".parquet": _parquet}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise HemlineError(f"embeddings are a file of {', '.join(SUFFIXES)}, not {path.name}")
    if not path.is_file():
        raise HemlineError(f"{path} {'is a folder' if path.is_dir() else 'does not exist'}; give a file")
    value = reader(path)
    names = {field: _names(value[field], field, path) for field in NAMES}
    vectors: dict[str, np.ndarray] = {}
    for field, of in zip(VECTORS, NAMES, strict=True):
        vectors[field] = _vectors(value[field], names[of], field, path, normalise)
    dims = [vectors[field].shape[1] for field in VECTORS]
    if dims[0] != dims[1]:
        raise HemlineError(
            f"{path}: gallery vectors have {dims[0]} dimensions and query vectors {dims[1]}; "
            "both sides must be of one space"
        )
    return Embeddings(
        path=path,
        sha256=sha256_file(path),
        normalised=normalise,
        gallery_ids=names["gallery_ids"],
        gallery_vectors=vectors["gallery_vectors"],
        query_keys=names["query_keys"],
        query_vectors=vectors["query_vectors"],
    )


def _npz(path: Path) -> dict[str, Any]:
    try:
        with np.load(path, allow_pickle=False) as file:
            if not isinstance(file, np.lib.npyio.NpzFile):
                raise HemlineError(f"{path} is one array, not an .npz; write it with np.savez")
            _refuse_lacking(path, file.files, (*NAMES, *VECTORS))
            return {field: _array(file, field, path) for field in (*NAMES, *VECTORS)}
    except HemlineError:
        raise
    except (zipfile.BadZipFile, OSError, EOFError, ValueError):
        raise HemlineError(f"{path} is not a whole .npz file; write it again with np.savez") from None


def _array(file: Mapping[str, np.ndarray], field: str, path: Path) -> np.ndarray:
    try:
        return file[field]
    except ValueError:
        raise HemlineError(
            f"{path}: {field} is pickled, and nothing pickled is read; save names as np.array(names, str) "
            "and vectors as float32"
        ) from None


def _safetensors(path: Path) -> dict[str, Any]:
    from safetensors import SafetensorError, safe_open

    value: dict[str, Any] = {}
    try:
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            _refuse_lacking(path, [*file.keys(), *metadata], (*VECTORS, *NAMES))
            for field in VECTORS:
                kind = file.get_slice(field).get_dtype()
                if kind not in ("F16", "F32", "F64"):
                    raise HemlineError(f"{path}: {field} is of type {kind}; save it as float32")
                value[field] = file.get_tensor(field)
    except SafetensorError as error:
        raise HemlineError(f"{path} is not a whole .safetensors file ({error})") from None
    for field in NAMES:
        try:
            value[field] = json.loads(metadata[field])
        except (KeyError, ValueError):
            raise HemlineError(f"{path}: {field} must be a JSON list of texts in the metadata") from None
    return value


def _parquet(path: Path) -> dict[str, Any]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    value: dict[str, Any] = {}
    try:
        table = pq.read_table(path)
    except (pa.ArrowException, OSError):
        raise HemlineError(f"{path} is not a whole .parquet file; write it again") from None
    _refuse_lacking(path, table.column_names, (*NAMES, *VECTORS))
    for names, vectors in zip(NAMES, VECTORS, strict=True):
        if table[names].is_valid() != table[vectors].is_valid():
            raise HemlineError(f"{path}: a row has one of {names} and {vectors} without the other")
        value[names] = table[names].drop_null().to_pylist()
        value[vectors] = _listed(table[vectors].drop_null(), vectors, path)
    return value


def _listed(column: Any, field: str, path: Path) -> np.ndarray:
    """A column of lists of numbers as an array [rows, d]."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = column.type
    lists = pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    if not lists or not pa.types.is_floating(kind.value_type):
        raise HemlineError(f"{path}: {field} must be a column of lists of float32, not of {kind}")
    lengths = pc.unique(pc.list_value_length(column)).to_pylist()
    if len(lengths) > 1:
        raise HemlineError(f"{path}: {field} has vectors of unequal length ({lengths[0]} and {lengths[1]})")
    flat = pc.list_flatten(column)
    if flat.null_count:
        raise HemlineError(f"{path}: {field} has a vector with a number missing")
    return flat.to_numpy(zero_copy_only=False).reshape(len(column), lengths[0] if lengths else 0)


def _refuse_lacking(path: Path, there: Sequence[str], wanted: Sequence[str]) -> None:
    lacking = [field for field in wanted if field not in there]
    if lacking:
        raise HemlineError(
            f"{path} lacks {' and '.join(lacking)}; embeddings hold {', '.join((*NAMES, *VECTORS))}"
        )


def _names(value: Any, field: str, path: Path) -> tuple[str, ...]:
    """Ids or keys: texts, none twice. Keys may be whole numbers, as CIRR's pairids are."""
    if isinstance(value, np.ndarray):
        if value.ndim != 1:
            raise HemlineError(f"{path}: {field} must be a list of texts, not an array of {value.shape}")
        value = value.tolist()
    if not isinstance(value, list):
        raise HemlineError(f"{path}: {field} must be a list of texts")
    if field == "query_keys":
        value = [str(name) if type(name) is int else name for name in value]
    wrong = next((name for name in value if not is_id(name)), None)
    if wrong is not None:
        raise HemlineError(f"{path}: {field} must be texts of one word each, not {wrong!r}")
    if len(set(value)) != len(value):
        seen: set[str] = set()
        twice = next(name for name in value if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise HemlineError(f"{path}: {field} names {twice} twice; each may stand once")
    if not value:
        raise HemlineError(f"{path}: {field} is empty")
    return tuple(value)


def _vectors(value: Any, names: Sequence[str], field: str, path: Path, normalise: bool) -> np.ndarray:
    """Float32 unit rows, one for each name; HemlineError for all else."""
    array = np.asarray(value)
    if array.dtype.kind != "f":
        raise HemlineError(f"{path}: {field} is of type {array.dtype}; save it as float32")
    if array.ndim != 2 or not array.shape[1]:
        raise HemlineError(f"{path}: {field} must be [rows, dimensions], not {array.shape}")
    if len(array) != len(names):
        raise HemlineError(f"{path}: {field} has {len(array)} vectors for {len(names)} names")
    finite = np.isfinite(array).all(axis=1)
    if not finite.all():
        count, first = int((~finite).sum()), names[int(np.argmin(finite))]
        raise HemlineError(f"{path}: {field} has {count} vectors with NaN or infinity (first: {first})")
    lengths = np.sqrt(np.einsum("nd,nd->n", array, array, dtype=np.float64))
    if normalise:
        if not lengths.all():
            first = names[int(np.argmin(lengths))]
            raise HemlineError(f"{path}: the vector of {first} is zero and has no direction")
        return (array / lengths[:, None]).astype(np.float32)
    off = np.abs(lengths - 1)
    if off.max() > UNIT_WITHIN:
        count, worst = int((off > UNIT_WITHIN).sum()), int(np.argmax(off))
        raise HemlineError(
            f"{path}: {count} of {field} are not of length 1 ({names[worst]}: {lengths[worst]:.4g}); "
            "normalise them, or add --normalise where the system ranks by cosine"
        )
    return np.ascontiguousarray(array, dtype=np.float32)
