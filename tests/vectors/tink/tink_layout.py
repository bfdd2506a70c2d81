"""Tink's AES-GCM-HKDF streaming format from its byte layout alone, on pyca/cryptography: a second opinion without Tink."""

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

HASHES = {"SHA1": hashes.SHA1, "SHA256": hashes.SHA256, "SHA512": hashes.SHA512}
TAG_BYTES = 16
PREFIX_BYTES = 7


def header_bytes(key_size: int) -> int:
    """A length byte, a salt as long as the derived key, the nonce prefix."""
    return 1 + key_size + PREFIX_BYTES


def derive(ikm: bytes, salt: bytes, aad: bytes, key_size: int, hash_name: str) -> bytes:
    """The key of one file."""
    return HKDF(algorithm=HASHES[hash_name](), length=key_size, salt=salt, info=aad).derive(ikm)


def nonce(prefix: bytes, index: int, last: bool) -> bytes:
    """The nonce of one segment."""
    return prefix + index.to_bytes(4, "big") + (b"\x01" if last else b"\x00")


def split(plaintext: bytes, segment_size: int, header_size: int) -> list[bytes]:
    """The plaintext of each segment."""
    first = segment_size - header_size - TAG_BYTES
    rest = segment_size - TAG_BYTES
    return [plaintext[:first]] + [plaintext[at : at + rest] for at in range(first, len(plaintext), rest)]


def encrypt(
    ikm: bytes,
    plaintext: bytes,
    aad: bytes,
    segment_size: int,
    salt: bytes,
    prefix: bytes,
    key_size: int = 32,
    hash_name: str = "SHA256",
    first_index: int = 0,
) -> bytes:
    """A file with the given salt and nonce prefix. Counting from anything but 0 makes one that must be refused."""
    size = header_bytes(key_size)
    assert len(salt) == key_size and len(prefix) == PREFIX_BYTES and segment_size > size + TAG_BYTES
    cipher = AESGCM(derive(ikm, salt, aad, key_size, hash_name))
    parts = split(plaintext, segment_size, size)
    segments = [
        cipher.encrypt(nonce(prefix, first_index + i, i == len(parts) - 1), part, b"") for i, part in enumerate(parts)
    ]
    return bytes([size]) + salt + prefix + b"".join(segments)


def segment_count(length: int, segment_size: int) -> int:
    """Segments of a file of that length: it is cut at multiples of the segment size, header included."""
    return max(1, -(-length // segment_size))


def cells(file: bytes, segment_size: int, header_size: int) -> list[bytes]:
    """The ciphertext of each segment."""
    count = segment_count(len(file), segment_size)
    return [file[max(i * segment_size, header_size) : (i + 1) * segment_size] for i in range(count)]


def decrypt(
    ikm: bytes, file: bytes, aad: bytes, segment_size: int, key_size: int = 32, hash_name: str = "SHA256"
) -> bytes:
    """The plaintext, or an exception."""
    size = header_bytes(key_size)
    if len(file) < size + TAG_BYTES or file[0] != size:
        raise ValueError("no file")
    cipher = AESGCM(derive(ikm, file[1 : 1 + key_size], aad, key_size, hash_name))
    segments = cells(file, segment_size, size)
    prefix = file[1 + key_size : size]
    last = len(segments) - 1
    return b"".join(cipher.decrypt(nonce(prefix, i, i == last), segment, b"") for i, segment in enumerate(segments))


def encrypted_size(length: int, segment_size: int, key_size: int = 32) -> int:
    """The length of the file that holds `length` bytes."""
    size = header_bytes(key_size)
    first = segment_size - size - TAG_BYTES
    count = 1 if length <= first else 1 + -(-(length - first) // (segment_size - TAG_BYTES))
    return size + length + TAG_BYTES * count
