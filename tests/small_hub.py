"""A small server that speaks what huggingface_hub asks of the Hub for a dataset repository.

It stands in for the network, not for code of ours: what is tested against it is our use of the client. State
is one repository in memory.
"""

import base64
import hashlib
import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

COMMIT = "c" * 40


@dataclass
class Hub:
    """What the server holds: the one repository's files (path to bytes), and what was asked of it."""

    private: bool = True
    exists: bool = False
    down: bool = False
    files: dict[str, bytes] = field(default_factory=dict)
    created: list[dict[str, Any]] = field(default_factory=list)
    commits: list[list[str]] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    address: str = ""


def serve_hub(hub: Hub) -> ThreadingHTTPServer:
    """Serve `hub` on a free port of this machine in the background; `hub.address` then says where."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *arguments: object) -> None:
            pass

        def answer(self, value: object, status: int = 200, head: bool = False, **headers: str) -> None:
            body = value if isinstance(value, bytes) else json.dumps(value).encode()
            self.send_response(status)
            for name, text in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name.replace("_", "-"), text)
            self.end_headers()
            if not head:
                self.wfile.write(body)

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            path = unquote(urlsplit(self.path).path)
            hub.tokens.add(self.headers.get("Authorization", ""))
            if hub.down:
                self.answer({"error": "the Hub is down"}, 503)
            elif path == "/api/repos/create":
                asked = json.loads(body)
                if hub.exists:
                    self.answer({"error": "exists", "url": f"{hub.address}/datasets/me/judgements"}, 409)
                    return
                hub.created.append(asked)
                hub.exists, hub.private = True, asked.get("visibility") == "private"
                self.answer({"url": f"{hub.address}/datasets/me/judgements"})
            elif "/tree/" in path:
                self.answer([_entry(name, data) for name, data in hub.files.items()])
            elif "/preupload/" in path:
                files = json.loads(body)["files"]
                told = [{"path": of["path"], "uploadMode": "regular", "shouldIgnore": False} for of in files]
                self.answer({"files": told})
            elif "/commit/" in path:
                self.commit(body)
            elif "/resolve/" in path:
                name = path.split("/resolve/")[1].split("/", 1)[1]
                data = hub.files[name]
                etag = f'"{hashlib.sha1(data).hexdigest()}"'
                self.answer(data, head=self.command == "HEAD", ETag=etag, X_Repo_Commit=COMMIT)
            elif path.startswith("/api/datasets/me/judgements"):
                self.answer({"id": "me/judgements", "private": hub.private, "sha": COMMIT, "tags": []})
            else:
                self.answer({"error": f"nothing at {path}"}, 404)

        def commit(self, body: bytes) -> None:
            added = []
            for line in body.decode().splitlines():
                told = json.loads(line)
                if told["key"] == "file":
                    assert told["value"]["encoding"] == "base64"
                    hub.files[told["value"]["path"]] = base64.b64decode(told["value"]["content"])
                    added.append(told["value"]["path"])
            hub.commits.append(added)
            url = f"{hub.address}/datasets/me/judgements/commit/{COMMIT}"
            self.answer({"success": True, "commitOid": COMMIT, "commitUrl": url, "hookOutput": ""})

        do_GET = do_POST = do_HEAD = handle_any

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hub.address = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def _entry(name: str, data: bytes) -> dict[str, object]:
    return {"type": "file", "path": name, "size": len(data), "oid": hashlib.sha1(data).hexdigest()}
