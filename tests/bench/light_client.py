"""A client of one connection that costs little: the clients of tests.bench.load share the server's cores."""

import asyncio
import json
from typing import Any


class Client:
    """One person's connection to the app at `port`, kept open. `session` is what Gradio knows it by."""

    def __init__(self, port: int, session: str) -> None:
        self.port, self.session = port, session
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def request(self, method: str, path: str, body: object = None) -> tuple[int, bytes]:
        """Status and content of one answer, whole."""
        if self._writer is None:
            self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self.port)
        data = b"" if body is None else json.dumps(body).encode()
        head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        self._writer.write(f"{head}Content-Length: {len(data)}\r\n\r\n".encode() + data)
        await self._writer.drain()
        return await self._answer()

    async def _answer(self) -> tuple[int, bytes]:
        assert self._reader is not None
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        status = int(head.split(" ", 2)[1])
        lines = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
        if "content-length" in lines:
            return status, await self._reader.readexactly(int(lines["content-length"]))
        parts = []
        while size := int((await self._reader.readline()).strip() or b"0", 16):
            parts.append(await self._reader.readexactly(size))
            await self._reader.readline()
        await self._reader.readline()
        return status, b"".join(parts)

    async def plain(self, name: str, values: dict[str, Any]) -> Any:
        """The answer of POST /gradio_api/hemline/NAME; raises RuntimeError for a refusal."""
        status, content = await self.request("POST", f"/gradio_api/hemline/{name}", values)
        if status != 200:
            raise RuntimeError(f"{status} {content[:200]!r}")
        return json.loads(content)

    async def gradio(self, name: str, values: list[Any]) -> Any:
        """The answer of Gradio's endpoint NAME, by its queue and event stream, as gradio_client asks."""
        asked = {"data": values, "session_hash": self.session}
        status, content = await self.request("POST", f"/gradio_api/call/{name}", asked)
        if status != 200:
            raise RuntimeError(f"{status} {content[:200]!r}")
        event = json.loads(content)["event_id"]
        _, content = await self.request("GET", f"/gradio_api/call/{name}/{event}")
        told = content.decode().split("event: complete\ndata: ")
        if len(told) != 2:
            raise RuntimeError(content[:200].decode())
        return json.loads(told[1].split("\n")[0])[0]

    def close(self) -> None:
        """Hang up."""
        if self._writer is not None:
            self._writer.close()
        self._reader = self._writer = None
