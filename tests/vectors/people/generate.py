"""Vectors of docs/people.md, by an implementation of its own: Ed25519 and X25519 of PyPI `cryptography`, HPKE of PyPI `pyhpke`.

    pip install cryptography==48.0.0 pyhpke==0.6.5
    python generate.py > people.json
    python generate.py --open SEALED_HEX      opens an invitation that another implementation sealed for the vectors' recipient
"""

import hashlib
import json
import struct
import sys

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pyhpke import AEADId, CipherSuite, KDFId, KEMId

SUITE = CipherSuite.new(KEMId.DHKEM_X25519_HKDF_SHA256, KDFId.HKDF_SHA256, AEADId.AES256_GCM)
CODE = "hush1:V1StGXR8_Z5jdHi6B-myT:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
NOW = 1_790_000_000
DAY = 86_400


def len8(data):
    return bytes([len(data)]) + data


def len16(data):
    return struct.pack(">H", len(data)) + data


class Identity:
    def __init__(self, byte):
        self.key = Ed25519PrivateKey.from_private_bytes(bytes([byte]) * 32)
        raw = (serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        self.public = self.key.public_key().public_bytes(*raw)

    def sign(self, label, *parts):
        return self.key.sign(b"hushroom/1 people " + label + b"\0" + b"".join(parts))


def x25519(byte):
    pair = SUITE.kem.derive_key_pair(bytes([byte]) * 32)
    return pair.private_key, pair.public_key.to_public_bytes()


def info_for(user, identity, key):
    return b"hushroom/1 people invitation\0" + len8(user) + identity.public + key


def seal(sender, identity, user, recipient, key, header, text, ephemeral):
    public = SUITE.kem.deserialize_public_key(key)
    info = info_for(user, recipient, key)
    eks = SUITE.kem.derive_key_pair(bytes([ephemeral]) * 32)
    enc, context = SUITE.create_sender_context(public, info, eks=eks)
    content = b"\x01" + len8(sender) + identity.public + struct.pack(">Q", NOW) + len8(CODE.encode()) + len16(text.encode())
    content += identity.sign(b"invitation sender", len16(info), header, enc, content)
    content += b"\x80"
    size = 1024
    while size < len(content):
        size *= 2
    return header + enc + context.seal(content.ljust(size, b"\0"), header)


def open_sealed(sealed, user, recipient, secret, key):
    header, enc, ciphertext = sealed[:6], sealed[6:38], sealed[38:]
    info = info_for(user, recipient, key)
    content = SUITE.create_recipient_context(enc, secret, info).open(ciphertext, header)
    content = content.rstrip(b"\0")
    assert content[-1] == 0x80
    signed, signature = content[:-65], content[-65:-1]
    at = 2 + signed[1]
    sender, public = signed[2:at], signed[at : at + 32]
    message = b"hushroom/1 people invitation sender\0" + len16(info) + header + enc + signed
    Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    rest = signed[at + 40 :]
    code, rest = rest[1 : 1 + rest[0]], rest[1 + rest[0] :]
    return {"sender": sender.decode(), "code": code.decode(), "text": rest[2:].decode()}


ada, new, grace, directory = Identity(1), Identity(2), Identity(3), Identity(200)
_, pre_key = x25519(99)
secret, key = x25519(3)

if len(sys.argv) == 3 and sys.argv[1] == "--open":
    print(json.dumps(open_sealed(bytes.fromhex(sys.argv[2]), b"grace", grace, secret, key)))
    sys.exit()

bundle = b"\x01" + len8(b"ada") + ada.public + struct.pack(">I", 7) + pre_key
bundle += struct.pack(">QQQ", 3, NOW, NOW + 90 * DAY) + len8(b"Ada")
bundle += ada.sign(b"bundle", bundle)
replacement = b"\x01" + len8(b"ada") + ada.public + new.public + struct.pack(">QQ", 4, NOW)
replacement += ada.sign(b"replacement", replacement) + new.sign(b"replacement", replacement)
one_time = b"\x01" + struct.pack(">I", 5) + bytes([8]) * 32
one_time += ada.sign(b"one-time key", len8(b"ada") + ada.public, one_time)
request, result = b"a request", b"a result"
digest = lambda data: hashlib.sha256(data).digest()
answer = directory.sign(b"answer", digest(request), struct.pack(">Q", NOW), digest(result))
signed = ada.sign(b"request", directory.public, bytes([5]) * 32, len8(b"ada"), digest(request))
header = b"\x01\x01" + struct.pack(">I", 9)
sealed = seal(b"ada", ada, b"grace", grace, key, header, "come in", 5)
assert open_sealed(sealed, b"grace", grace, secret, key)["code"] == CODE
fields = dict(bundle=bundle, replacement=replacement, oneTime=one_time, answerSignature=answer, requestSignature=signed)
fields["sealed"] = sealed
print(json.dumps({name: value.hex() for name, value in fields.items()}, indent=2))
