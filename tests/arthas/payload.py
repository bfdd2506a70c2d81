"""What Arthas' members say to each other: sealed with the room's key, signed with a key of their own."""

import base64
import hashlib
import json
import os
import re
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

import canonical

PREVIEW_UNITS = 50


def encode(data: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """As Go decodes: base64url, padding refused."""
    if not re.fullmatch(r"[A-Za-z0-9_-]*", text):
        raise ValueError("not base64url without padding")
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def password_hash(password: str) -> str:
    """What a client sends in the place of a password."""
    return hashlib.sha256(password.encode()).hexdigest() if password else ""


@dataclass(frozen=True)
class ShareCode:
    """`roomId:key[:ephemeral[:expiresAt]]`."""

    room_id: str
    key: bytes
    ephemeral: int = 0
    expires_at: int = 0

    @classmethod
    def parse(cls, text: str) -> "ShareCode":
        room_id, key, *rest = text.strip().split(":")
        if not re.fullmatch(r"[A-Za-z0-9_-]{21}", room_id) or not re.fullmatch(r"[A-Za-z0-9_-]{43}", key):
            raise ValueError("no Arthas share code")
        if len(rest) > 2 or not all(re.fullmatch(r"\d{1,15}", part) for part in rest):
            raise ValueError("no Arthas share code")
        return cls(room_id, decode(key), *map(int, rest))

    def __str__(self) -> str:
        code = f"{self.room_id}:{encode(self.key)}"
        if self.expires_at > 0:
            return f"{code}:{self.ephemeral}:{self.expires_at}"
        return f"{code}:{self.ephemeral}" if self.ephemeral > 0 else code


class RoomKey:
    """The key that all of a room is sealed with: AES-256-GCM, no associated data."""

    def __init__(self, key: bytes):
        self._aead = AESGCM(key)

    def seal(self, plaintext: bytes, iv: bytes | None = None) -> tuple[bytes, bytes]:
        iv = os.urandom(12) if iv is None else iv
        return iv, self._aead.encrypt(iv, plaintext, None)

    def open(self, iv: bytes, ciphertext: bytes) -> bytes | None:
        """None when it was not sealed with this key, or was changed."""
        try:
            return self._aead.decrypt(iv, ciphertext, None)
        except (InvalidTag, ValueError):
            return None


def dump(value, escape_html: bool) -> bytes:
    """JSON as the web client writes it, or with `<`, `>` and `&` escaped as Go does."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    if escape_html:
        text = text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
        text = text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    return text.encode("utf-8", "surrogatepass")


class Signer:
    """A member's signing key."""

    def __init__(self, seed: bytes | None = None):
        self._key = Ed25519PrivateKey.from_private_bytes(seed or os.urandom(32))

    @property
    def public(self) -> str:
        return encode(self._key.public_key().public_bytes_raw())

    def sign(self, payload: dict, form: str = "js") -> dict:
        """`payload` with its signature, over one of the two canonical forms."""
        bare = {key: value for key, value in payload.items() if key != "sig"}
        return {**bare, "sig": encode(self._key.sign(canonical.FORMS[form](bare)))}

    def announcement(self) -> dict:
        return self.sign({"text": "", "type": "pubkey", "pubkey": self.public})


def verifies(payload: dict, public: str) -> bool:
    """Whether the payload's signature is `public`'s, in one of the two forms."""
    bare = {key: value for key, value in payload.items() if key != "sig"}
    try:
        key, signature = Ed25519PublicKey.from_public_bytes(decode(public)), decode(payload["sig"])
    except ValueError:
        return False
    for form in canonical.FORMS.values():
        try:
            key.verify(signature, form(bare))
            return True
        except (InvalidSignature, UnicodeEncodeError):
            continue
    return False


def quote(stable_id: str, name: str, text: str) -> dict:
    """The part of a reply that says what it answers. The preview is cut in UTF-16 units."""
    units = text.encode("utf-16-le")
    cut = units[: PREVIEW_UNITS * 2].decode("utf-16-le", "ignore")
    return {"stableId": stable_id, "senderName": name, "preview": cut + ("…" if len(units) > PREVIEW_UNITS * 2 else "")}


@dataclass
class Message:
    """A message as a member shows it. `state` is one of no-sig, unknown, verified, failed."""

    sender_id: str
    sender_name: str
    t: int
    text: str
    state: str
    reply: dict | None = None
    payload: dict = field(default_factory=dict)

    @property
    def stable_id(self) -> str:
        return f"{self.sender_id}:{self.t}"


class Keyring:
    """Other members' keys, pinned when first announced and replaced when announced anew."""

    def __init__(self):
        self.keys: dict[str, str] = {}
        self.changes: list[str] = []

    def announced(self, sender_id: str, payload: dict) -> bool:
        """Takes an announcement, if its key has signed it."""
        public = payload.get("pubkey")
        if not isinstance(public, str) or not isinstance(payload.get("sig"), str):
            return False
        rebuilt = {"pubkey": public, "text": "", "type": "pubkey", "sig": payload["sig"]}
        if not verifies(rebuilt, public):
            return False
        if self.keys.get(sender_id, public) != public:
            self.changes.append(sender_id)
        self.keys[sender_id] = public
        return True

    def state(self, sender_id: str, payload: dict) -> str:
        if not isinstance(payload.get("sig"), str):
            return "no-sig"
        public = self.keys.get(sender_id)
        if public is None:
            return "unknown"
        return "verified" if verifies(payload, public) else "failed"
