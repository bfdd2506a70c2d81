"""The known answers of Arthas' wire format."""

import canonical
import payload
import wire
from checks import Checks

KEY = bytes(range(32))
IV = bytes(range(12))
SEED = bytes(range(0x20, 0x40))
PUBLIC = "Kay64UG8yvCyLhqU000LxzYeUm0L_hLIl5S8kyKWbdc"
ROOM = "V1StGXR8_Z5jdHi6B-myT"
ANNOUNCE = '{"text":"","type":"pubkey","pubkey":"Kay64UG8yvCyLhqU000LxzYeUm0L_hLIl5S8kyKWbdc","sig":"lzsayiraAWj9FAZXzHoa5gcSl68FIyDUb3XsHwbIxvioox6HBc-1p1dSw6p7gPf60M-VKjk8P_bXeudr36kpBA"}'
TEXT = '{"text":"Hello","sig":"0yZc4UtNbJngEkFV3x7v1YFnfV6FZOOmOklVY-qy5lwb-6vh7_tb6O3xg0ldCmfMl4zqaP_h8jl67S4-uDbbBw"}'
TEXT_CIPHER = "PCCifr2R4CGvCfLn3YZaQaGl7lPSQX1MQT2GsUgdTtBLfsm5xIdEqwyTCdzRwUZeuG8m1xWZzpVU-3xANZKM25xLpFflp05WQyDIWKC8do8I5q0hGwUeBMmH760or9G1oZRv0fd15W_aflzwP1dcAqxUm9PZBWhSEaB6Sofang"
TYPING_CIPHER = "PCCiYrWMrHyve-P5xIwFOP-5w_WmLgWY7QkDUP4Qaw"
CODES = [
    (0, 0, f"{ROOM}:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"),
    (30, 0, f"{ROOM}:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8:30"),
    (30, 1767225600, f"{ROOM}:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8:30:1767225600"),
    (0, 1767225600, f"{ROOM}:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8:0:1767225600"),
]
NOW = 1704067200000
JS_FRAMES = [
    (wire.CREATE, {"name": "Alice", "password": "", "ephemeral": 0, "expiry": 0}, "82a47479706501a46461746184a46e616d65a5416c696365a870617373776f7264a0a9657068656d6572616c00a665787069727900"),
    (wire.PONG, {"t": NOW}, "82a47479706506a46461746181a174cf0000018cc251f400"),
]
GO_FRAMES = [
    (wire.ERROR, {"code": "E001", "msg": "room not found"}, "82a474797065cc17a46461746182a4636f6465a445303031a36d7367ae726f6f6d206e6f7420666f756e64"),
    (wire.CREATED, {"roomId": ROOM, "expiresAt": 0}, "82a474797065cc10a46461746182a6726f6f6d4964b556315374475852385f5a356a64486936422d6d7954a9657870697265734174d30000000000000000"),
    (wire.PING, {"t": NOW}, "82a474797065cc18a46461746181a174d30000018cc251f400"),
]
CANONICAL = [
    ({"text": "Hello"}, "7b2274657874223a2248656c6c6f227d", None),
    ({"text": "a\u200db\u3000\x01"}, "7b2274657874223a2261e2808d62e380805c7530303031227d", "7b2274657874223a22615c7532303064625c75333030305c783031227d"),
]
REPLY = {"text": "World", "reply": {"stableId": "x:1", "senderName": "A", "preview": "Hi"}}
PUBKEY = {"text": "", "type": "pubkey", "pubkey": "dGVzdC1wdWJsaWMta2V5LWJhc2U2NHVybA"}


def color(member_id: str) -> str:
    """The colour that a relay gives a member."""
    h = 0
    for char in member_id:
        h = (h * 31 + ord(char)) & 0xFFFFFFFF
    return "#" + "".join(f"{(h >> shift & 255) | 64:02x}" for shift in (16, 8, 0))


def run(check: Checks) -> None:
    for ephemeral, expires_at, text in CODES:
        check.equal(str(payload.ShareCode(ROOM, KEY, ephemeral, expires_at)), text, f"vector: share code {text[66:] or 'plain'}")
        check.equal(payload.ShareCode.parse(text), payload.ShareCode(ROOM, KEY, ephemeral, expires_at), "vector: it reads back")
    key, signer = payload.RoomKey(KEY), payload.Signer(SEED)
    check.equal(payload.encode(IV), "AAECAwQFBgcICQoL", "vector: IV")
    check.equal(signer.public, PUBLIC, "vector: public key")
    check.equal(payload.dump(signer.announcement(), False).decode(), ANNOUNCE, "vector: key announcement")
    check.equal(payload.dump(signer.sign({"text": "Hello"}), False).decode(), TEXT, "vector: signed text")
    check.equal(payload.encode(key.seal(TEXT.encode(), IV)[1]), TEXT_CIPHER, "vector: sealed text")
    check.equal(key.open(IV, payload.decode(TEXT_CIPHER)), TEXT.encode(), "vector: opened text")
    check.equal(payload.encode(key.seal(b'{"typing":true}', IV)[1]), TYPING_CIPHER, "vector: sealed typing")
    for kind, data, expected in JS_FRAMES:
        check.equal(wire.encode_js(kind, data).hex(), expected, f"vector: frame 0x{kind:02x} as the web client writes it")
    for kind, data, expected in GO_FRAMES:
        check.equal(wire.encode_go(kind, data, fixed_order=True).hex(), expected, f"vector: frame 0x{kind:02x} as Go writes it")
        check.equal(wire.decode(bytes.fromhex(expected)), (kind, data), f"vector: frame 0x{kind:02x} reads back")
    for value, js, go in CANONICAL:
        check.equal(canonical.js(value).hex(), js, "vector: canonical JSON, web form")
        check.equal(canonical.go(value).hex(), go or js, "vector: canonical JSON, Go form")
    for form in canonical.FORMS.values():
        check.equal(form(REPLY), b'{"reply":{"preview":"Hi","senderName":"A","stableId":"x:1"},"text":"World"}', "vector: canonical reply")
        check.equal(form(PUBKEY), b'{"pubkey":"dGVzdC1wdWJsaWMta2V5LWJhc2U2NHVybA","text":"","type":"pubkey"}', "vector: canonical announcement")
    check.equal(payload.password_hash("hunter22"), "20d2fe5e369db54ec7090639a9dc30ec4d608604936239d39e2de07fda09eb0b", "vector: password")
    check.equal((color("a1b2c3d4"), color("00000000")), ("#cce8c0", "#475840"), "vector: colours")
    check.equal((len(key.seal(b'{"typing":true}')[1]), len(key.seal(b'{"typing":false}')[1])), (31, 32), "vector: typing lengths")
    chunk = {"transferId": "x" * 21, "index": 79, "iv": bytes(12), "data": bytes(65_552)}
    relayed = {"senderId": "a1b2c3d4", **chunk}
    check.equal(len(wire.encode_js(wire.CHUNK, chunk)), 65_632, "vector: the size of a full chunk's frame")
    check.equal(len(wire.encode_go(wire.FILE_CHUNK, relayed)), 65_651, "vector: its size when relayed")


if __name__ == "__main__":
    found = Checks()
    run(found)
    found.report()
