"""A small server that speaks Qdrant's REST as far as `core.engines.server` asks it.

It stands in for the network and the server's process: collections are those of QdrantClient(":memory:"), the
vendor's own stand-in, which searches exactly. What is tested against it is our use of the client.
"""

import json
import threading
import warnings
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

from qdrant_client import QdrantClient, models


@dataclass
class Qdrant:
    """What the server holds, and what was asked of it; `key` is the API key it wants, "" for none.

    `fails_after` writes the connection is lost; with `lossy` writes are acknowledged and forgotten.
    """

    key: str = ""
    fails_after: int | None = None
    lossy: bool = False
    address: str = ""
    keys: set[str] = field(default_factory=set)
    written: list[int] = field(default_factory=list)
    searched: list[str] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)
    held: QdrantClient = field(default_factory=lambda: QdrantClient(":memory:"))

    @property
    def collections(self) -> set[str]:
        return {one.name for one in self.held.get_collections().collections}

    @property
    def aliases(self) -> dict[str, str]:
        return {one.alias_name: one.collection_name for one in self.held.get_aliases().aliases}


def answer(world: Qdrant, method: str, path: list[str], asked: dict[str, Any]) -> Any:
    """The result of one request; KeyError for a collection that is not there."""
    held = world.held
    if path == ["aliases"]:
        return held.get_aliases()
    if path == ["collections"]:
        return held.get_collections()
    if path == ["collections", "aliases"]:
        steps = [next(iter(step)) for step in asked["actions"]]
        world.steps.append(" ".join(steps))
        kinds = {"create_alias": models.CreateAliasOperation, "delete_alias": models.DeleteAliasOperation}
        actions = [kinds[name](**step) for name, step in zip(steps, asked["actions"], strict=True)]
        return held.update_collection_aliases(actions)
    name, rest = path[1], path[2:]
    if rest == ["exists"]:
        return {"exists": held.collection_exists(name)}
    if not rest and method == "PUT":
        return held.create_collection(name, vectors_config=models.CreateCollection(**asked).vectors)
    if not held.collection_exists(name):
        raise KeyError(f"Collection `{name}` doesn't exist!")
    if not rest:
        if method == "DELETE":
            return held.delete_collection(name)
        return held.get_collection(name) if method == "GET" else True
    if rest == ["index"]:
        return {"operation_id": 0, "status": "completed"}
    if rest == ["points"]:
        batch = models.Batch(**asked["batch"])
        if world.fails_after is not None and len(world.written) >= world.fails_after:
            raise ConnectionError
        world.written.append(len(batch.ids))
        if not world.lossy:
            held.upsert(name, batch)
        return {"operation_id": 0, "status": "completed"}
    if rest == ["points", "delete"]:
        return held.delete(name, models.PointIdsList(**asked))
    if rest == ["points", "count"]:
        return held.count(name, count_filter=models.CountRequest(**asked).filter)
    assert rest == ["points", "query", "batch"], path
    world.searched.append(name)
    return held.query_batch_points(name, [models.QueryRequest(**one) for one in asked["searches"]])


def serve_qdrant(world: Qdrant) -> ThreadingHTTPServer:
    """Serve `world` on a free port of this machine in the background; `world.address` then says where."""
    alone = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *arguments: object) -> None:
            pass

        def reply(self, value: object, status: int = 200) -> None:
            body = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def handle_any(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
            path = [unquote(part) for part in urlsplit(self.path).path.strip("/").split("/")]
            key = self.headers.get("api-key", "")
            world.keys.add(key)
            if world.key and key != world.key:
                self.reply({"status": {"error": "Must provide an API key"}}, 401)
                return
            try:
                with alone, warnings.catch_warnings(action="ignore"):
                    result = answer(world, self.command, path, asked)
            except ConnectionError:
                self.close_connection = True
                return
            except KeyError as error:
                self.reply({"status": {"error": error.args[0]}}, 404)
                return
            self.reply({"result": plain(result), "status": "ok", "time": 0.0})

        do_GET = do_PUT = do_POST = do_PATCH = do_DELETE = handle_any

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    world.address = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def plain(value: Any) -> Any:
    """The client's models as JSON says them."""
    if isinstance(value, list):
        return [plain(one) for one in value]
    return value.model_dump(mode="json") if hasattr(value, "model_dump") else value
