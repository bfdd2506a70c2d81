"""A member of a room written from docs/protocol.md alone, over two other implementations of Olm and Megolm.

    python ratchet_peer.py path/to/ratchet_peer

Starts our side as a child process and talks with it in a room of two: once over libolm (the C library, PyPI `python-olm`), once
over the PyPI package `vodozemac`. Everything around Olm and Megolm (bundles, notes, bindings, padding) is written here anew.
"""

import base64
import hashlib
import json
import os
import subprocess
import sys

import olm
import vodozemac
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ROOM = "abcdefghijklmnopqrstu"
GROUP, PAIR, PAIR_START = 2, 3, 4
TURN, SHARE, EVENT = 1, 2, 3


def b64(data: bytes) -> str:
    return base64.b64encode(data).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4))


def text_of(data: bytes) -> str:
    """Bytes as python-olm gives them back."""
    return data.decode("utf-8", "surrogateescape")


class Libolm:
    """libolm, in C."""

    def __init__(self):
        self.account = olm.Account()
        self.identity = unb64(self.account.identity_keys["curve25519"])
        self.group = olm.OutboundGroupSession()
        self.pair = None
        self.theirs = None

    def pre_key(self) -> bytes:
        self.account.generate_one_time_keys(1)
        key = next(iter(self.account.one_time_keys["curve25519"].values()))
        self.account.mark_keys_as_published()
        return unb64(key)

    def start(self, identity: bytes, pre_key: bytes) -> None:
        self.pair = olm.OutboundSession(self.account, b64(identity), b64(pre_key))

    def open_start(self, identity: bytes, message: bytes) -> bytes:
        message = olm.OlmPreKeyMessage(b64(message))
        if self.pair is None:
            self.pair = olm.InboundSession(self.account, message, b64(identity))
            self.account.remove_one_time_keys(self.pair)
        return self.pair.decrypt(message, "surrogateescape").encode("utf-8", "surrogateescape")

    def open(self, message: bytes) -> bytes:
        return self.pair.decrypt(olm.OlmMessage(b64(message)), "surrogateescape").encode("utf-8", "surrogateescape")

    def seal(self, plaintext: bytes) -> bytes:
        message = self.pair.encrypt(plaintext)
        kind = PAIR_START if isinstance(message, olm.OlmPreKeyMessage) else PAIR
        return bytes([kind]) + unb64(message.ciphertext)

    def group_key(self) -> bytes:
        return unb64(self.group.session_key)

    def seal_group(self, plaintext: bytes) -> bytes:
        return unb64(self.group.encrypt(plaintext))

    def take_group_key(self, key: bytes) -> None:
        self.theirs = olm.InboundGroupSession(b64(key))

    def open_group(self, message: bytes) -> bytes:
        return self.theirs.decrypt(b64(message), "surrogateescape")[0].encode("utf-8", "surrogateescape")


class Vodozemac:
    """The Python package of vodozemac, an older release than ours."""

    def __init__(self):
        self.account = vodozemac.Account()
        self.identity = self.account.curve25519_key.to_bytes()
        self.group = vodozemac.GroupSession()
        self.pair = None
        self.theirs = None

    def pre_key(self) -> bytes:
        self.account.generate_one_time_keys(1)
        key = next(iter(self.account.one_time_keys.values()))
        self.account.mark_keys_as_published()
        return key.to_bytes()

    def start(self, identity: bytes, pre_key: bytes) -> None:
        key = vodozemac.Curve25519PublicKey.from_bytes
        self.pair = self.account.create_outbound_session(key(identity), key(pre_key))

    def open_start(self, identity: bytes, message: bytes) -> bytes:
        message = vodozemac.AnyOlmMessage.pre_key(message)
        if self.pair is not None:
            return self.pair.decrypt(message)
        key = vodozemac.Curve25519PublicKey.from_bytes(identity)
        self.pair, plaintext = self.account.create_inbound_session(key, message.to_pre_key())
        return plaintext

    def open(self, message: bytes) -> bytes:
        return self.pair.decrypt(vodozemac.AnyOlmMessage.normal(message))

    def seal(self, plaintext: bytes) -> bytes:
        kind, message = self.pair.encrypt(plaintext).to_parts()
        return bytes([PAIR if kind else PAIR_START]) + message

    def group_key(self) -> bytes:
        return unb64(self.group.session_key.to_base64())

    def seal_group(self, plaintext: bytes) -> bytes:
        return self.group.encrypt(plaintext).to_bytes()

    def take_group_key(self, key: bytes) -> None:
        self.theirs = vodozemac.InboundGroupSession(vodozemac.SessionKey(b64(key)))

    def open_group(self, message: bytes) -> bytes:
        return self.theirs.decrypt(vodozemac.MegolmMessage.from_bytes(message)).plaintext


def padded(content: bytes) -> bytes:
    """Up to one byte short of the ciphertext's length, a Padmé size in whole blocks."""
    length = max(len(content) + 2, 64)
    exponent = length.bit_length() - 1
    unit = max(1 << (exponent - (exponent.bit_length())), 16)
    target = -(-length // unit) * unit - 1
    return (content + b"\x80").ljust(target, b"\0")


def unpadded(content: bytes) -> bytes:
    content = content.rstrip(b"\0")
    assert content.endswith(b"\x80")
    return content[:-1]


class Member:
    """One member, and what it knows of the other."""

    def __init__(self, engine):
        self.engine = engine
        self.signing = Ed25519PrivateKey.generate()
        self.device_key = self.signing.public_key().public_bytes_raw()
        label = b"hushroom/1 instance\0" + ROOM.encode()
        self.instance = hashlib.sha256(label + self.device_key + os.urandom(16)).digest()[:16]
        self.counter = 0
        self.texts = []

    def bundle(self) -> bytes:
        signed = bytes([1, 0]) + bytes(18) + self.engine.identity + self.engine.pre_key()
        label = b"hushroom/1 bundle\0" + ROOM.encode() + self.instance + self.device_key
        return signed + self.signing.sign(label + signed)

    def on_bundle(self, instance: bytes, device_key: bytes, bundle: bytes) -> None:
        assert len(bundle) == 148 and bundle[0] == 1 and bundle[1] in (0, 1)
        label = b"hushroom/1 bundle\0" + ROOM.encode() + instance + device_key
        Ed25519PublicKey.from_public_bytes(device_key).verify(bundle[84:], label + bundle[:84])
        assert bundle[2:18] == (self.instance if bundle[1] == 1 else bytes(16))
        self.their_instance, self.their_device, self.their_identity = instance, device_key, bundle[20:52]
        self.their_pre_key = bundle[52:84]

    def is_lower(self) -> bool:
        return self.engine.identity < self.their_identity

    def parties(self) -> list:
        own = self.instance + self.device_key + self.engine.identity
        other = self.their_instance + self.their_device + self.their_identity
        return [own, other]

    def pair_binding(self, parties: list, kind: int, header: bytes) -> bytes:
        start = b"hushroom/1 pair\0" + ROOM.encode() + parties[0] + parties[1]
        return hashlib.sha256(start + bytes([kind, 0, 0]) + header).digest()[:16]

    def group_binding(self, device_key: bytes, generation: bytes, header: bytes) -> bytes:
        start = b"hushroom/1 group\0" + ROOM.encode() + device_key
        return hashlib.sha256(start + generation + header).digest()[:16]

    def post(self, to: bytes, seal) -> dict:
        header = b"\x01" + self.instance + self.counter.to_bytes(8, "big") + bytes([len(to) // 16]) + to
        post = {"header": header.hex(), "counter": self.counter, "inner": seal(header).hex(), "from": self.instance.hex()}
        self.counter += 1
        return post

    def note(self, kind: int, content: bytes) -> dict:
        def seal(header: bytes) -> bytes:
            binding = self.pair_binding(self.parties(), kind, header)
            plaintext = bytes([kind, 0, 0]) + binding + content
            return self.engine.seal(padded(plaintext) if kind == EVENT else plaintext)

        return self.post(self.their_instance, seal)

    def share(self) -> dict:
        return self.note(SHARE, bytes(2) + self.engine.group_key())

    def say(self, text: str, back: int) -> dict:
        def seal(header: bytes) -> bytes:
            binding = self.group_binding(self.device_key, bytes(2), header)
            plaintext = padded(binding + back.to_bytes(2, "big") + text.encode())
            return bytes([GROUP, 0, 0]) + self.engine.seal_group(plaintext)

        return self.post(b"", seal)

    def open(self, post: dict) -> None:
        header, inner = bytes.fromhex(post["header"]), bytes.fromhex(post["inner"])
        if inner[0] == GROUP:
            plaintext = unpadded(self.engine.open_group(inner[3:]))
            assert plaintext[:16] == self.group_binding(self.their_device, inner[1:3], header)
            self.texts.append(plaintext[18:].decode())
            return
        opened = self.engine.open(inner[1:]) if inner[0] == PAIR else self.engine.open_start(self.their_identity, inner[1:])
        kind = opened[0]
        if kind == EVENT:
            opened = unpadded(opened)
        assert opened[1:3] == bytes(2)
        assert opened[3:19] == self.pair_binding(self.parties()[::-1], kind, header)
        content = opened[19:]
        if kind == SHARE:
            assert len(content) == 231
            self.engine.take_group_key(content[2:])
        elif kind == EVENT:
            self.texts.append(content[2:].decode())
        else:
            assert kind == TURN and not content


class Ours:
    """Our side, in a process of its own."""

    def __init__(self, path: str):
        self.child = subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.checks = 0

    def ask(self, **job) -> dict:
        self.child.stdin.write(json.dumps(job) + "\n")
        self.child.stdin.flush()
        answer = json.loads(self.child.stdout.readline())
        self.checks += 1
        return answer

    def must(self, **job) -> dict:
        answer = self.ask(**job)
        assert answer["ok"], answer
        return answer


def converse(ours: Ours, engine) -> bool:
    """One room from hello to the last word; whether the other side started the pair."""
    member = Member(engine)
    new = ours.must(op="new", seed=os.urandom(32).hex(), room=ROOM)
    instance, device_key = bytes.fromhex(new["instance"]), bytes.fromhex(new["device_key"])

    def take(answer: dict) -> None:
        for post in answer.get("posts", []):
            member.open(post)

    def give(post: dict, **expected) -> None:
        answer = ours.must(op="open", **post)
        for name, value in expected.items():
            assert answer[name] == value, (name, answer[name], value)
        take(answer)

    hello = ours.must(op="bundle", **{"from": member.instance.hex()}, device_key=member.device_key.hex(), bundle=member.bundle().hex())
    answer = ours.must(op="hello", to=member.instance.hex())
    member.on_bundle(instance, device_key, bytes.fromhex(answer["bundle"]))
    take(hello)
    if member.is_lower():
        engine.start(member.their_identity, member.their_pre_key)
        give(member.note(TURN, b""))
    for k in range(3):
        take(ours.must(op="say", text=f"ours {k}"))
    take(ours.must(op="say_to", to=member.instance.hex(), text="ours alone"))
    give(member.share())
    for k in range(3):
        give(member.say(f"theirs {k}", 1 if k else 0), text=f"theirs {k}", previous=member.counter - 2 if k else None)
    give(member.note(EVENT, bytes([0, 1]) + b"theirs alone"), text="theirs alone", previous=member.counter - 2)
    for length in (0, 1, 43, 44, 45, 46, 47, 60, 200, 5000):
        give(member.say("x" * length, 1), text="x" * length)
        take(ours.must(op="say", text="y" * length))
        assert member.texts.pop() == "y" * length
    assert member.texts == ["ours 0", "ours 1", "ours 2", "ours alone"], member.texts
    # What is changed, replayed, or for another place, is refused.
    post = member.say("last", 1)
    inner = bytearray.fromhex(post["inner"])
    inner[40] ^= 1
    assert ours.ask(op="open", **{**post, "inner": inner.hex()})["code"] == "DECRYPT_FAILED"
    header = bytearray.fromhex(post["header"])
    header[24] ^= 1
    assert ours.ask(op="open", **{**post, "header": header.hex()})["code"] == "MISDIRECTED"
    give(post, text="last")
    assert ours.ask(op="open", **post)["code"] == "REPLAYED"
    return member.is_lower()


def main() -> None:
    ours = Ours(sys.argv[1])
    for name, engine in (("libolm", Libolm), ("vodozemac", Vodozemac)):
        started = {True: 0, False: 0}
        while min(started.values()) < 3:
            started[converse(ours, engine())] += 1
        print(f"{name}: {started[True]} rooms it started, {started[False]} that we started")
    print(f"interop: {ours.checks} steps agree")


try:
    main()
except (AssertionError, InvalidSignature) as error:
    sys.exit(f"differs: {error!r} at line {error.__traceback__.tb_next.tb_lineno}")
