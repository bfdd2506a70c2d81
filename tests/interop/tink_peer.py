"""The other side of the interoperability test: Google's Tink, driven by lines of JSON on standard input.

Each line is {"op": "encrypt" | "decrypt", "key", "aad", "segment_size", "input", "output"}: hex, hex, bytes, and the paths of
two files. The answer is one line, {"ok": true} or {"ok": false, "error": text}.
"""

import base64
import io
import json
import sys

from tink import json_proto_keyset_format, secret_key_access, streaming_aead
from tink.proto import aes_gcm_hkdf_streaming_pb2, common_pb2

TYPE_URL = "type.googleapis.com/google.crypto.tink.AesGcmHkdfStreamingKey"


class Kept(io.BytesIO):
    """Tink closes what it has written to; this keeps it readable."""

    def close(self):
        pass


def primitive(key: bytes, segment_size: int) -> streaming_aead.StreamingAead:
    """Our parameters as a Tink keyset: AES-256, HKDF-SHA256, no prefix."""
    proto = aes_gcm_hkdf_streaming_pb2.AesGcmHkdfStreamingKey(
        version=0,
        key_value=key,
        params=aes_gcm_hkdf_streaming_pb2.AesGcmHkdfStreamingParams(
            ciphertext_segment_size=segment_size,
            derived_key_size=32,
            hkdf_hash_type=common_pb2.SHA256,
        ),
    )
    key_data = {
        "typeUrl": TYPE_URL,
        "value": base64.b64encode(proto.SerializeToString()).decode(),
        "keyMaterialType": "SYMMETRIC",
    }
    keyset = {
        "primaryKeyId": 1,
        "key": [{"keyData": key_data, "status": "ENABLED", "keyId": 1, "outputPrefixType": "RAW"}],
    }
    handle = json_proto_keyset_format.parse(json.dumps(keyset), secret_key_access.TOKEN)
    return handle.primitive(streaming_aead.StreamingAead)


def run(job: dict) -> None:
    """Encrypts or decrypts one file."""
    aead = primitive(bytes.fromhex(job["key"]), job["segment_size"])
    aad = bytes.fromhex(job["aad"])
    with open(job["input"], "rb") as file:
        data = file.read()
    if job["op"] == "encrypt":
        output = Kept()
        with aead.new_encrypting_stream(output, aad) as writer:
            writer.write(data)
        result = output.getvalue()
    else:
        with aead.new_decrypting_stream(io.BytesIO(data), aad) as reader:
            result = reader.read()
    with open(job["output"], "wb") as file:
        file.write(result)


def main() -> None:
    """Answers until the input ends."""
    streaming_aead.register()
    for line in sys.stdin:
        try:
            run(json.loads(line))
            answer = {"ok": True}
        except Exception as error:  # noqa: BLE001: whatever Tink throws is the answer
            answer = {"ok": False, "error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)


main()
