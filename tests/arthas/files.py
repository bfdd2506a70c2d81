"""Files between Arthas' members: one frame of metadata, chunks of 64 KiB, one that says it is complete, and an answer."""

import asyncio
import json
import os
import secrets
import time
from dataclasses import dataclass, field

import payload
import wire

CHUNK_BYTES = 65_536
MAX_FILE_BYTES = 5 * 1024 * 1024
MAX_RECEIVING = 5


async def send(client, name: str, data: bytes, mime: str = "application/octet-stream", pause_s: float = 0.05, voice: int | None = None,
               thumbnail: bytes | None = None, dialect: str = "web") -> str:
    """Sends a file as the web client does, or with the plugin's metadata; gives the transfer's id."""
    transfer = secrets.token_urlsafe(16)[:21]
    chunks = [data[start : start + CHUNK_BYTES] for start in range(0, len(data), CHUNK_BYTES)]
    if dialect == "plugin":
        transfer = secrets.token_hex(11)[:21]
        meta = {"name": name, "size": len(data), "mimeType": mime, "totalChunks": len(chunks)}
    else:
        meta = {"transferId": transfer, "fileName": name, "fileSize": len(data), "mimeType": mime, "totalChunks": len(chunks)}
    if voice is not None:
        meta |= {"isVoice": True, "duration": voice}
    if thumbnail is not None:
        meta["thumbnail"] = {str(index): byte for index, byte in enumerate(thumbnail)}
    iv, sealed = client.key.seal(payload.dump(meta, False))
    await client.send(wire.META, {"transferId": transfer, "iv": payload.encode(iv), "ciphertext": sealed})
    await asyncio.sleep(pause_s)
    for index, chunk in enumerate(chunks):
        iv, sealed = client.key.seal(chunk)
        await client.send(wire.CHUNK, {"transferId": transfer, "index": index, "iv": iv, "data": sealed})
    await asyncio.sleep(pause_s)
    await client.send(wire.COMPLETE, {"transferId": transfer})
    return transfer


@dataclass
class Incoming:
    """A file on its way. `state` is one of running, done, failed, cancelled.

    The web client reads metadata (and decodes a thumbnail) and chunks on the side: it drops a chunk that comes before the metadata
    is read, and takes a file for incomplete whose last chunk is not open when COMPLETE comes. Hence the gaps: how long, in seconds,
    the sender left between metadata and first chunk, and between last chunk and COMPLETE.
    """

    transfer_id: str
    sender_id: str
    meta: dict
    state: str = "running"
    why: str = ""
    chunks: dict[int, bytes] = field(default_factory=dict)
    meta_gap: float = 0
    complete_gap: float = 0
    last_at: float = field(default_factory=time.monotonic)

    @property
    def data(self) -> bytes:
        return b"".join(self.chunks[index] for index in sorted(self.chunks))


class Receiver:
    """The files that others send. Reads both dialects; `strict` refuses the plugin's, as the web client does."""

    def __init__(self, client):
        self.client = client
        self.all: dict[str, Incoming] = {}
        self.strict = True

    async def on_frame(self, kind: int, data: dict) -> None:
        if kind == wire.FILE_META:
            self._on_meta(data)
        elif (it := self._running(data)) is None:
            return
        elif kind == wire.FILE_CHUNK:
            self._on_chunk(it, data)
        elif kind == wire.FILE_COMPLETE:
            await self._on_complete(it)
        else:
            it.state = "cancelled"

    def sender_left(self, sender_id: str) -> None:
        for it in self.all.values():
            if it.sender_id == sender_id and it.state == "running":
                it.state, it.why = "failed", "the sender left"

    async def done(self, test=lambda it: True, timeout: float = 30) -> Incoming:
        """The first file that `test` picks, once it is over."""
        over = lambda: next((it for it in self.all.values() if it.state != "running" and test(it)), None)
        await self.client.until(lambda: over() is not None, "a file that is over", timeout)
        return over()

    def _running(self, data: dict) -> Incoming | None:
        it = self.all.get(data["transferId"])
        return it if it is not None and it.state == "running" else None

    def _on_meta(self, data: dict) -> None:
        opened = self.client.key.open(payload.decode(data["iv"]), data["ciphertext"])
        meta = json.loads(opened) if opened is not None else {}
        if not self.strict and "name" in meta:
            meta = {"transferId": data["transferId"], "fileName": meta["name"], "fileSize": meta["size"], **meta}
        whole = all(isinstance(meta.get(key), str) and meta[key] for key in ("transferId", "fileName", "mimeType"))
        numbers = all(isinstance(meta.get(key), int) and meta[key] > 0 for key in ("fileSize", "totalChunks"))
        if not whole or not numbers or meta["fileSize"] > MAX_FILE_BYTES:
            self.client.problems.append("metadata that is refused")
        elif sum(it.state == "running" for it in self.all.values()) < MAX_RECEIVING:
            self.all[data["transferId"]] = Incoming(data["transferId"], data["senderId"], meta)

    def _on_chunk(self, it: Incoming, data: dict) -> None:
        if not 0 <= data["index"] < it.meta["totalChunks"] or data["index"] in it.chunks:
            return
        now = time.monotonic()
        if not it.chunks:
            it.meta_gap = now - it.last_at
        it.last_at = now
        opened = self.client.key.open(data["iv"], data["data"])
        if opened is None:
            it.state, it.why = "failed", "a chunk does not open"
        else:
            it.chunks[data["index"]] = opened

    async def _on_complete(self, it: Incoming) -> None:
        it.complete_gap = time.monotonic() - it.last_at
        if len(it.chunks) != it.meta["totalChunks"]:
            it.state, it.why = "failed", f"incomplete: {len(it.chunks)} of {it.meta['totalChunks']} chunks"
            return
        it.state = "done"
        await self.client.send(wire.ACK, {"transferId": it.transfer_id})


def sample(size: int) -> bytes:
    """A file of random bytes."""
    return os.urandom(size)
