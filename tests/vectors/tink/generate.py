"""Makes aes_gcm_hkdf_streaming.json with Google's tink 1.16.1 from PyPI (its C++ core), checked against tink_layout.py.

    python3 -m venv venv && venv/bin/pip install tink==1.16.1 cryptography && venv/bin/python generate.py

Tink draws the salts of the positive tests, so that their ciphertexts differ from run to run. The negatives do not.
"""

import base64
import hashlib
import io
import json
from pathlib import Path

import tink_layout as layout
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from tink import json_proto_keyset_format, secret_key_access, streaming_aead
from tink.proto import aes_gcm_hkdf_streaming_pb2, common_pb2

TYPE_URL = "type.googleapis.com/google.crypto.tink.AesGcmHkdfStreamingKey"
OUTPUT = Path(__file__).with_name("aes_gcm_hkdf_streaming.json")
AADS = [b"", b"aad", bytes(range(256)) + b"x" * 44]


class Kept(io.BytesIO):
    """Tink closes what it has written to; this keeps it readable."""

    def close(self) -> None:
        pass


def keyset(ikm: bytes, segment_size: int, key_size: int, hash_type: int) -> dict:
    """A Tink keyset of one key, as JSON."""
    params = aes_gcm_hkdf_streaming_pb2.AesGcmHkdfStreamingParams(
        ciphertext_segment_size=segment_size, derived_key_size=key_size, hkdf_hash_type=hash_type
    )
    proto = aes_gcm_hkdf_streaming_pb2.AesGcmHkdfStreamingKey(version=0, key_value=ikm, params=params)
    value = base64.b64encode(proto.SerializeToString(deterministic=True)).decode()
    key_data = {"typeUrl": TYPE_URL, "value": value, "keyMaterialType": "SYMMETRIC"}
    return {
        "primaryKeyId": 1,
        "key": [{"keyData": key_data, "status": "ENABLED", "keyId": 1, "outputPrefixType": "RAW"}],
    }


def tink_encrypt(aead: streaming_aead.StreamingAead, plaintext: bytes, aad: bytes) -> bytes:
    """What Tink writes."""
    output = Kept()
    with aead.new_encrypting_stream(output, aad) as writer:
        writer.write(plaintext)
    return output.getvalue()


def tink_decrypt(aead: streaming_aead.StreamingAead, file: bytes, aad: bytes) -> bytes:
    """What Tink reads, or its exception."""
    with aead.new_decrypting_stream(io.BytesIO(file), aad) as reader:
        return reader.read()


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def plaintext_of(seed: str, length: int) -> bytes:
    """SHA256(seed | BE32(i)) for i = 0, 1, ..., cut to `length`."""
    blocks = (sha256(seed.encode() + i.to_bytes(4, "big")) for i in range(-(-length // 32)))
    return b"".join(blocks)[:length]


class Group:
    """The tests of one set of parameters."""

    def __init__(self, name: str, segment_size: int, key_size: int = 32, hash_name: str = "SHA256") -> None:
        self.name, self.segment_size, self.key_size, self.hash_name = name, segment_size, key_size, hash_name
        self.ikm = sha256(b"tink vectors ikm " + name.encode())
        self.keyset = keyset(self.ikm, segment_size, key_size, getattr(common_pb2, hash_name))
        handle = json_proto_keyset_format.parse(json.dumps(self.keyset), secret_key_access.TOKEN)
        self.aead = handle.primitive(streaming_aead.StreamingAead)

    def positive(self, length: int, aad: bytes, test_id: int, full_limit: int) -> dict:
        """One test. Both sides must agree in both directions before it is written down."""
        seed = f"{self.name}/{length}"
        plaintext = plaintext_of(seed, length)
        file = tink_encrypt(self.aead, plaintext, aad)
        size = layout.header_bytes(self.key_size)
        salt, prefix = file[1 : 1 + self.key_size], file[1 + self.key_size : size]
        parameters = (self.key_size, self.hash_name)
        assert tink_decrypt(self.aead, file, aad) == plaintext
        assert layout.decrypt(self.ikm, file, aad, self.segment_size, *parameters) == plaintext
        assert layout.encrypt(self.ikm, plaintext, aad, self.segment_size, salt, prefix, *parameters) == file
        assert layout.encrypted_size(length, self.segment_size, self.key_size) == len(file)
        test = {
            "id": test_id,
            "result": "valid",
            "aad_hex": aad.hex(),
            "plaintext_len": length,
            "plaintext_seed": seed,
            "plaintext_sha256": sha256(plaintext).hex(),
            "segments": layout.segment_count(len(file), self.segment_size),
            "header_hex": file[:size].hex(),
            "salt_hex": salt.hex(),
            "nonce_prefix_hex": prefix.hex(),
            "ciphertext_len": len(file),
            "ciphertext_sha256": sha256(file).hex(),
        }
        if len(file) <= full_limit:
            test["ciphertext_hex"] = file.hex()
        if length <= 600:
            test["plaintext_hex"] = plaintext.hex()
        return test

    def json(self, lengths: list[int], aads: list[bytes], full_limit: int = 20_000) -> dict:
        """The group as it stands in the file."""
        size = layout.header_bytes(self.key_size)
        cases = [(length, aad) for length in lengths for aad in aads]
        return {
            "name": self.name,
            "ikm_hex": self.ikm.hex(),
            "ciphertext_segment_size": self.segment_size,
            "derived_key_size": self.key_size,
            "hkdf_hash": self.hash_name,
            "header_len": size,
            "first_segment_plaintext_max": self.segment_size - size - layout.TAG_BYTES,
            "segment_plaintext_max": self.segment_size - layout.TAG_BYTES,
            "tink_keyset_json": self.keyset,
            "tests": [self.positive(*case, i + 1, full_limit) for i, case in enumerate(cases)],
        }

    def negative_cases(self, length: int, aad: bytes) -> list[tuple[str, bytes, bytes]]:
        """Name, file and associated data of each case. The file they come from has four segments, the last not full."""
        s, salt, prefix = self.segment_size, sha256(b"neg salt"), sha256(b"neg prefix")[:7]
        plaintext = plaintext_of(f"{self.name}/neg", length)
        file = layout.encrypt(self.ikm, plaintext, aad, s, salt, prefix)
        full = layout.encrypt(self.ikm, plaintext_of("full", 2 * s - 72), aad, s, salt, prefix)
        header = file[:40]
        s0, s1, s2, s3 = layout.cells(file, s, 40)
        other = layout.cells(layout.encrypt(self.ikm, plaintext, aad, s, sha256(b"other salt"), prefix), s, 40)[1]
        cipher = AESGCM(layout.derive(self.ikm, salt, aad, 32, "SHA256"))

        def seal(part: bytes, index: int, last: bool) -> bytes:
            return cipher.encrypt(layout.nonce(prefix, index, last), part, b"")

        def flip(at: int, mask: int = 1) -> bytes:
            return file[:at] + bytes([file[at] ^ mask]) + file[at + 1 :]

        false_last = seal(plaintext_of("x", s - 16), 1, True)
        lonely = seal(plaintext_of("y", s - 56), 0, False) + seal(b"", 1, True)
        return [
            ("empty_file", b"", aad),
            ("header_truncated", file[:39], aad),
            ("header_only", header, aad),
            ("header_plus_15", file[:55], aad),
            ("truncate_1_byte", file[:-1], aad),
            ("truncate_to_tag_minus_1_in_last", header + s0 + s1 + s2 + s3[:15], aad),
            ("truncate_at_segment_boundary_last_dropped", header + s0 + s1 + s2, aad),
            ("truncate_to_first_segment", header + s0, aad),
            ("append_1_byte", file + b"\0", aad),
            ("append_copy_of_last", file + s3, aad),
            ("header_len_byte_flipped", flip(0), aad),
            ("salt_bit_flipped", flip(1), aad),
            ("nonce_prefix_bit_flipped", flip(39, 0x80), aad),
            ("seg0_ct_bit_flipped", flip(40), aad),
            ("last_tag_bit_flipped", flip(len(file) - 1), aad),
            ("swap_seg1_seg2", header + s0 + s2 + s1 + s3, aad),
            ("duplicate_seg1", header + s0 + s1 + s1 + s2 + s3, aad),
            ("drop_seg1", header + s0 + s2 + s3, aad),
            ("splice_seg1_from_other_file_same_key", header + s0 + other + s2 + s3, aad),
            ("wrong_aad", file, aad + b"!"),
            ("empty_aad", file, b""),
            ("last_flag_on_middle_then_more", header + s0 + false_last + s2 + s3, aad),
            ("trailing_1_byte_after_full_last_segment", full + b"J", aad),
            ("trailing_17_bytes_after_full_last_segment", full + b"J" * 17, aad),
            ("trailing_whole_segment_after_full_last_segment", full + b"J" * s, aad),
            ("final_segment_not_flagged_last", header + s0 + s1 + s2 + seal(plaintext[-5:], 3, False), aad),
            ("counter_starts_at_1", layout.encrypt(self.ikm, plaintext, aad, s, salt, prefix, first_index=1), aad),
            ("noncanonical_empty_final_segment", header + lonely, aad),
        ]

    def negatives(self, length: int, aad: bytes) -> dict:
        """The cases, with what both sides make of them."""
        results = []
        for name, file, given in self.negative_cases(length, aad):
            result = "acceptable" if name.startswith("noncanonical") else "invalid"
            independent = outcome(lambda: layout.decrypt(self.ikm, file, given, self.segment_size))
            assert (independent == "reject") == (result == "invalid"), name
            results.append(
                {
                    "id": len(results) + 1,
                    "case": name,
                    "result": result,
                    "tink_python_cpp": outcome(lambda: tink_decrypt(self.aead, file, given)),
                    "independent": independent,
                    "aad_hex": given.hex(),
                    "ciphertext_hex": file.hex(),
                }
            )
        base = {
            "plaintext_len": length,
            "plaintext_seed": f"{self.name}/neg",
            "aad_hex": aad.hex(),
            "salt_hex": sha256(b"neg salt").hex(),
            "nonce_prefix_hex": sha256(b"neg prefix")[:7].hex(),
        }
        return {"negative_base": base, "negatives": results}


def outcome(read) -> str:
    """`accept:` and the length of what was read, or `reject`."""
    try:
        return f"accept:{len(read())}"
    except Exception:  # noqa: BLE001: any exception is a refusal
        return "reject"


def main() -> None:
    """Writes the file."""
    streaming_aead.register()
    small = Group("seg128-aes256-sha256", 128)
    room = [b"room:attachment:1"]
    edges = [0, 1, 1048519, 1048520, 1048521, 2097079, 2097080, 2097081, 3_000_000, 3 << 20]
    groups = [
        small.json([0, 1, 71, 72, 73, 183, 184, 185, 296, 297, 520], AADS) | small.negatives(400, b"aad"),
        Group("AES256_GCM_HKDF_4KB", 4096).json(
            [0, 1, 4039, 4040, 4041, 8119, 8120, 8121, 10_000], [b"", *room], full_limit=9000
        ),
        Group("AES256_GCM_HKDF_1MB", 1 << 20).json(edges, room, full_limit=200),
        Group("seg128-dk16-sha256", 128, key_size=16).json([0, 88, 89, 300], [b"aad"]),
        Group("seg120-aes256-sha512", 120, hash_name="SHA512").json([0, 64, 65, 300], [b"aad"]),
    ]
    document = {
        "schema": "tink-aes-gcm-hkdf-streaming-v1",
        "generator": "tink 1.16.1 (PyPI wheel, Google C++ core); independent check with cryptography",
        "plaintext_generator": "P = concat_{i>=0} SHA256(utf8(plaintext_seed) || BE32(i)), cut to plaintext_len",
        "note": "Given header_hex the ciphertext is deterministic; where ciphertext_hex is absent, re-encrypt with that "
        "salt and prefix and compare ciphertext_sha256",
        "groups": groups,
    }
    OUTPUT.write_text(json.dumps(document, indent=1))


main()
