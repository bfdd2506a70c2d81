"""Arthas' frames: `{type, data}` in MessagePack, as its web client or its Go client writes them, and as strict as both read.
"""

import random
import struct

import msgpack

CREATE, JOIN, SEND, LEAVE, TYPING, PONG, REACT = range(0x01, 0x08)
META, CHUNK, COMPLETE, CANCEL, ACK = range(0x08, 0x0D)
CREATED, JOINED, MEMBER_JOINED, MEMBER_LEFT, MESSAGE, MEMBER_TYPING, CLOSED, ERROR, PING, REACTION = range(0x10, 0x1A)
FILE_META, FILE_CHUNK, FILE_COMPLETE, FILE_CANCEL, FILE_ACK = range(0x1A, 0x1F)

# Largest frame that the Go client reads.
MAX_FRAME_BYTES = 102_400

_TEXT, _BYTES, _INT, _BOOL, _LIST = str, bytes, int, bool, list
_MESSAGE = {"senderId": _TEXT, "senderName": _TEXT, "iv": _TEXT, "ciphertext": _TEXT, "t": _INT}
_TRANSFER = {"senderId": _TEXT, "transferId": _TEXT}
# What a relay writes. `MemberTyping` and `RoomClosed` have forms of their own.
FIELDS = {
    CREATED: {"roomId": _TEXT, "expiresAt": _INT},
    JOINED: {"roomId": _TEXT, "members": _LIST, "hasPassword": _BOOL, "ephemeral": _INT, "expiresAt": _INT},
    MEMBER_JOINED: {"id": _TEXT, "name": _TEXT, "color": _TEXT},
    MEMBER_LEFT: {"id": _TEXT},
    MESSAGE: _MESSAGE,
    MEMBER_TYPING: {"id": _TEXT},
    CLOSED: {},
    ERROR: {"code": _TEXT, "msg": _TEXT},
    PING: {"t": _INT},
    REACTION: _MESSAGE,
    FILE_META: {**_TRANSFER, "senderName": _TEXT, "iv": _TEXT, "ciphertext": _BYTES, "t": _INT},
    FILE_CHUNK: {**_TRANSFER, "index": _INT, "iv": _BYTES, "data": _BYTES},
    FILE_COMPLETE: _TRANSFER,
    FILE_CANCEL: _TRANSFER,
    FILE_ACK: {"receiverId": _TEXT, "transferId": _TEXT},
}
# Go's 64-bit fields, which its encoder writes in full width.
_WIDE = {"t", "expiresAt"}


class WireError(Exception):
    """A frame that Arthas' clients would not understand."""


def encode_js(kind: int, data: dict) -> bytes:
    """As the web client writes it: every integer in its shortest form, the maps in the order of their keys."""
    return msgpack.packb({"type": kind, "data": data}, use_bin_type=True)


def encode_go(kind: int, data: dict, fixed_order: bool = False) -> bytes:
    """As the Go client writes it: the type in two bytes, 64-bit fields in nine, the keys in any order."""
    items = list(data.items())
    if not fixed_order:
        random.shuffle(items)
    packer = msgpack.Packer(use_bin_type=True, autoreset=False)
    packer.pack_map_header(len(items))
    out = bytearray(b"\x82\xa4type\xcc" + bytes([kind]) + b"\xa4data")
    out += packer.bytes()
    for key, value in items:
        out += msgpack.packb(key)
        wide = key in _WIDE and isinstance(value, int)
        out += b"\xd3" + struct.pack(">q", value) if wide else msgpack.packb(value, use_bin_type=True)
    return bytes(out)


def decode(frame: bytes) -> tuple[int, dict]:
    """Reads a relay's frame and refuses whatever one of Arthas' clients would stumble over."""
    if not isinstance(frame, bytes):
        raise WireError("a frame of text")
    if len(frame) > MAX_FRAME_BYTES:
        raise WireError(f"a frame of {len(frame)} bytes")
    envelope = msgpack.unpackb(frame, raw=False, strict_map_key=True)
    if not isinstance(envelope, dict) or not _is(envelope.get("type"), int) or not isinstance(envelope.get("data"), dict):
        raise WireError("no {type, data}")
    kind, data = envelope["type"], envelope["data"]
    for key, expected in FIELDS.get(kind, {}).items():
        if not _is(data.get(key), expected):
            raise WireError(f"0x{kind:02x}: {key} is {type(data.get(key)).__name__}, not {expected.__name__}")
    if kind == JOINED:
        for member in data["members"]:
            if not all(isinstance(member.get(key), str) for key in ("id", "name", "color")):
                raise WireError("0x11: a member that is none")
    if kind == MEMBER_TYPING and not isinstance(data.get("typing"), bool):
        if not isinstance(data.get("iv"), str) or not isinstance(data.get("ciphertext"), str):
            raise WireError("0x15: neither plain nor sealed")
    return kind, data


def _is(value, expected: type) -> bool:
    return isinstance(value, expected) and (expected is not int or not isinstance(value, bool))
