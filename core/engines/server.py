"""A Qdrant server by its URL (`qdrant-client`); its API key, where it wants one, is in QDRANT_API_KEY."""

import importlib
import os
import re
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from core.engines.conditions import PAYLOAD_FIELDS, Conditions, narrows
from core.engines.edge import BUILD_WIDTH, LINKS
from core.engines.engine import BATCH, VECTOR, EngineError, Numbers, Points
from core.engines.qdrant import columns, filter_of
from core.errors import HemlineError
from core.indexes.clustering import Vectors

PACKAGE = "qdrant-client==1.20.0"
KEY_VARIABLE = "QDRANT_API_KEY"
TIMEOUT = 10  # seconds a query may take
PATIENCE = 300  # seconds a write may take
TRIES = 4  # of a write, where the connection fails
INDEXED_FROM = 10_000  # KB of vectors from which a segment gets a graph


class Server:
    """A collection on a server; an `Engine`."""

    def __init__(self, client: Any, collection: str, where: str) -> None:
        """`client` is a QdrantClient; `where` is what messages call the server."""
        self.client, self.collection, self.where = client, collection, where

    def create(self, width: int, shards: int | None = None, replicas: int | None = None) -> None:
        """Make the collection for vectors of `width` values; no graph is built before `optimise`."""
        models = _models()
        with self._told():
            self.client.create_collection(
                self.collection,
                vectors_config={VECTOR: models.VectorParams(size=width, distance=models.Distance.DOT)},
                hnsw_config=models.HnswConfigDiff(m=LINKS, ef_construct=BUILD_WIDTH),
                optimizers_config=models.OptimizersConfigDiff(indexing_threshold=0),
                shard_number=shards,
                replication_factor=replicas,
            )
            for name in PAYLOAD_FIELDS:
                self.client.create_payload_index(
                    self.collection, name, field_schema=models.PayloadSchemaType.KEYWORD, wait=True
                )

    def exists(self) -> bool:
        """Whether the collection is there."""
        with self._told():
            return bool(self.client.collection_exists(self.collection))

    def upsert(self, points: Points) -> None:
        """As in `Engine`; a lost connection is tried again, which changes nothing that was written."""
        batch = _models().Batch(
            ids=points.numbers, vectors={VECTOR: points.vectors.tolist()}, payloads=points.payloads
        )
        self._again(lambda: self.client.upsert(self.collection, batch, wait=True))

    def delete(self, numbers: Iterable[int]) -> None:
        """As in `Engine`."""
        chosen = _models().PointIdsList(points=list(numbers))
        self._again(lambda: self.client.delete(self.collection, chosen, wait=True))

    def search(
        self,
        queries: Vectors,
        k: int,
        conditions: Conditions | None = None,
        without: Sequence[Collection[int]] | None = None,
        width: int | None = None,
    ) -> list[tuple[Vectors, Numbers]]:
        """As in `Engine`."""
        models = _models()
        acorn = models.AcornSearchParams(enable=True, max_selectivity=1.0) if narrows(conditions) else None
        requests = [
            models.QueryRequest(
                query=query,
                using=VECTOR,
                limit=k,
                filter=filter_of(models, _has_ids, conditions, without[place] if without else ()),
                params=models.SearchParams(hnsw_ef=width, acorn=acorn),
            )
            for place, query in enumerate(queries.tolist())
        ]
        found = []
        with self._told():
            for start in range(0, len(requests), BATCH):
                found += self.client.query_batch_points(self.collection, requests[start : start + BATCH])
        return [columns(answer.points) for answer in found]

    def count(self, conditions: Conditions | None = None) -> int:
        """As in `Engine`."""
        chosen = filter_of(_models(), _has_ids, conditions)
        with self._told():
            told = self.client.count(self.collection, count_filter=chosen, exact=True)
        return int(told.count)

    def optimise(self) -> None:
        """As in `Engine`: let the server build its graphs, and wait until it says that it is done."""
        models = _models()
        change = models.OptimizersConfigDiff(indexing_threshold=INDEXED_FROM)
        with self._told():
            self.client.update_collection(self.collection, optimizers_config=change)
            calm = 0
            while calm < 2:  # twice: between the change and the work it is green as well
                calm = calm + 1 if self._status() == models.CollectionStatus.GREEN else 0
                time.sleep(0.2 if calm else 2)

    def close(self) -> None:
        """As in `Engine`."""
        self.client.close()

    def remove(self) -> None:
        """Drop the collection."""
        with self._told():
            self.client.delete_collection(self.collection)

    def behind(self, alias: str) -> str | None:
        """The collection that an alias stands for; EngineError where a collection itself has that name."""
        with self._told():
            found = {one.alias_name: one.collection_name for one in self.client.get_aliases().aliases}
            names = {one.name for one in self.client.get_collections().collections}
        if alias in names:
            raise EngineError(
                f"{self.where} has a collection of its own named {alias!r}; choose another name"
            )
        return found.get(alias)

    def switch(self, alias: str) -> None:
        """Let the alias stand for this collection: in one step, so that no reader finds neither."""
        models = _models()
        steps = [
            models.CreateAliasOperation(
                create_alias=models.CreateAlias(collection_name=self.collection, alias_name=alias)
            )
        ]
        if self.behind(alias) is not None:
            gone = models.DeleteAliasOperation(delete_alias=models.DeleteAlias(alias_name=alias))
            steps.insert(0, gone)
        with self._told():
            self.client.update_collection_aliases(change_aliases_operations=steps)

    def unname(self, alias: str) -> None:
        """Take the alias away."""
        models = _models()
        gone = models.DeleteAliasOperation(delete_alias=models.DeleteAlias(alias_name=alias))
        with self._told():
            self.client.update_collection_aliases(change_aliases_operations=[gone])

    def others(self, alias: str) -> list[str]:
        """The collections that were made for the alias, but this one."""
        with self._told():
            names = [one.name for one in self.client.get_collections().collections]
        ours = re.compile(re.escape(alias) + r"-[0-9a-f]{12}")
        return [name for name in names if ours.fullmatch(name) and name != self.collection]

    def _status(self) -> Any:
        return self.client.get_collection(self.collection).status

    def _again(self, write: Callable[[], object]) -> None:
        for left in reversed(range(TRIES)):
            try:
                with self._told():
                    write()
                return
            except EngineError:
                if not left:
                    raise
                time.sleep(2 ** (TRIES - left) / 4)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """The client's errors as EngineError; none of them holds the key."""
        try:
            yield
        except HemlineError:
            raise
        except Exception as error:
            why = " ".join(str(error).split())[:300] or type(error).__name__
            raise EngineError(f"the engine at {self.where} ({self.collection}) says: {why}") from None


def connect(url: str, collection: str, timeout: int = TIMEOUT) -> Server:
    """The collection on the server at `url`; nothing is asked of it yet."""
    check_url(url)
    client = _package("qdrant_client").QdrantClient(
        url=url, api_key=os.environ.get(KEY_VARIABLE) or None, timeout=timeout, check_compatibility=False
    )
    return Server(client, collection, url)


def check_url(url: str) -> None:
    """HemlineError unless `url` is an http(s) address without a name or a password in it."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise HemlineError(f"{url} is no address of a Qdrant server; give one like http://HOST:6333")
    if parts.username or parts.password or parts.query:
        raise HemlineError(f"the address of a server holds no key; put it into {KEY_VARIABLE}")


def _has_ids(numbers: Collection[int]) -> Any:
    return _models().HasIdCondition(has_id=sorted(numbers))


def _models() -> Any:
    return _package("qdrant_client.models")


def _package(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        raise EngineError(f"a Qdrant server needs a package more; pip install {PACKAGE}") from None
