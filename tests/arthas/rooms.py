"""Arthas' clients with each other, through our relay: everything that their users can do, and every refusal."""

import asyncio
import json
import sys
import time
import urllib.error
import urllib.request

import canonical
import files
import payload
import vectors
import wire
from checks import Checks
from client import Client, Refused

# Joined emoji, an ideographic space, an RTL mark, a control character, HTML, a line separator and an astral letter: what
# the two canonical forms and the two JSON writers disagree about.
AWKWARD = "a\u200db\u3000<b>&\u200f\x01\u2028\U0001d504 \U0001f469\u200d\U0001f52c\u00a0\ufeff"


async def refused(action) -> str:
    """The code of the error that the relay answers with."""
    try:
        await action
    except Refused as error:
        return error.code
    return "nothing was refused"


async def pair(relay: str, first: str = "web", second: str = "web", **options) -> tuple[Client, Client]:
    ada, bob = await Client.open(relay, first), await Client.open(relay, second)
    code = await ada.create("Ada", **options)
    # Her announcement is out before he comes.
    await ada.fence()
    await bob.join(code, "Bob", options.get("password", ""))
    await ada.expect(wire.MEMBER_JOINED)
    return ada, bob


def ends(check: Checks, what: str, *clients: Client) -> None:
    for client in clients:
        check.equal(client.problems, [], f"{what}: nothing strange for the {client.dialect} client")


async def entering(check: Checks, relay: str) -> None:
    ada = await Client.open(relay)
    before = int(time.time())
    code = await ada.create("Ada", ephemeral=30, expiry=3600)
    check(len(code.room_id) == 21 and payload.ShareCode.parse(str(code)) == code, "create: the room id is Arthas'")
    check(before + 3590 <= code.expires_at <= time.time() + 3610, "create: expiresAt in seconds from now", code.expires_at)
    mine = ada.joined
    check.equal((mine["roomId"], mine["hasPassword"], mine["ephemeral"], mine["expiresAt"]), (code.room_id, False, 30, code.expires_at), "create: RoomJoined repeats the room")
    check.equal([member["name"] for member in mine["members"]], ["Ada"], "create: alone in it")
    clients = [ada]
    for index, dialect in enumerate(["cli", "plugin", "web"]):
        client = await Client.open(relay, dialect)
        await client.join(code, f"Member {index}")
        clients.append(client)
        joined = await ada.expect(wire.MEMBER_JOINED, lambda data, id=client.member_id: data["id"] == id)
        check.equal(joined["name"], f"Member {index}", f"join: the {dialect} client is announced")
        names = [member["name"] for member in client.joined["members"]]
        check.equal(names[-1], f"Member {index}", f"join: the joiner is last in the list ({dialect})")
        check.equal(sorted(names), sorted(["Ada", *(f"Member {it}" for it in range(index + 1))]), f"join: everybody is in the list ({dialect})")
    members = clients[-1].joined["members"]
    check(all(len(member["id"]) == 8 and int(member["id"], 16) >= 0 for member in members), "join: ids are 8 hex digits")
    check.equal([member["color"] for member in members], [vectors.color(member["id"]) for member in members], "join: colours follow from the ids")
    check.equal(len({member["id"] for member in members}), 4, "join: ids differ")
    check.equal(await refused(clients[1].create("x")), "E005", "create: refused while in a room")
    gone = clients[2].member_id
    await clients[2].send(wire.LEAVE, {})
    check.equal((await ada.expect(wire.MEMBER_LEFT))["id"], gone, "leave: others are told")
    await clients[2].send(wire.LEAVE, {})
    await clients[2].join(code, "Again")
    check((await ada.expect(wire.MEMBER_JOINED))["id"] == clients[2].member_id, "leave: the connection can join again")
    for client in clients[1:]:
        await client.hang_up()
        check.equal((await ada.expect(wire.MEMBER_LEFT))["id"], client.member_id, f"a lost connection leaves ({client.dialect})")
    await ada.leave()
    late = await Client.open(relay)
    check.equal(await refused(late.join(code, "Late")), "E001", "an empty room is gone")
    ends(check, "entering", *clients)
    await late.hang_up()


async def chatting(check: Checks, relay: str, first: str, second: str) -> None:
    what = f"chat {first}-{second}"
    ada, bob = await pair(relay, first, second)
    # Announced before Bob was there: Arthas' clients do not do so again.
    await ada.text("before")
    check.equal((await bob.message("before")).state, "unknown", f"{what}: an unknown key")
    await ada.send_payload(ada.signer.announcement())
    await bob.until(lambda: bob.messages[0].state == "verified", "re-check once the key is there")
    check(True, f"{what}: verified once the key is announced")
    for sender, receiver in ((ada, bob), (bob, ada)):
        await sender.text(AWKWARD)
        got = await receiver.message(AWKWARD)
        check.equal((got.state, got.sender_name, got.sender_id), ("verified", "Ada" if sender is ada else "Bob", sender.member_id), f"{what}: signed text of awkward characters ({sender.dialect} form)")
        check(abs(got.t - time.time() * 1000) < 60_000, f"{what}: t in milliseconds", got.t)
    check(canonical.js({"text": AWKWARD}) != canonical.go({"text": AWKWARD}), f"{what}: the forms do differ there")
    answered = bob.messages[0]
    await bob.text("an answer", payload.quote(answered.stable_id, "Ada", answered.text))
    got = await ada.message("an answer")
    check.equal((got.reply, got.state), ({"stableId": answered.stable_id, "senderName": "Ada", "preview": "before"}, "verified"), f"{what}: reply")
    forged = ada.signer.sign({"text": "as said"}) | {"text": "as forged"}
    await ada.send_payload(forged)
    check.equal((await bob.message("as forged")).state, "failed", f"{what}: a forged text fails")
    await ada.text("unsigned", signed=False)
    check.equal((await bob.message("unsigned")).state, "no-sig", f"{what}: an unsigned text")
    await ada.send_raw("no JSON at all")
    check.equal((await bob.message("no JSON at all")).state, "no-sig", f"{what}: a raw text")
    check.equal(len([message for message in ada.messages if message.sender_id == ada.member_id]), 0, f"{what}: no echo")
    ends(check, what, ada, bob)
    await ada.leave()
    await bob.leave()


async def signs_of_life(check: Checks, relay: str) -> None:
    ada, bob = await pair(relay)
    for plain in (True, False):
        form = "plain" if plain else "sealed"
        for on in (True, False):
            await ada.set_typing(on, plain)
            await bob.until(lambda: bob.typing.get(ada.member_id) is on, f"typing {form}")
            check(True, f"typing {on}, {form}")
    await ada.text("react to this")
    got = await bob.message("react to this")
    for action in ("add", "remove"):
        await bob.react(got.stable_id, "\U0001f44d", action)
        await ada.until(lambda: any(it["action"] == action for it in ada.reactions), "reaction")
        check.equal(ada.reactions[-1], {"from": bob.member_id, "stableId": got.stable_id, "emoji": "\U0001f44d", "action": action}, f"reaction: {action}")
    for index in range(30):
        await bob.react(got.stable_id, "\U0001f389", "add" if index % 2 == 0 else "remove")
    await ada.until(lambda: len(ada.reactions) == 32, "30 reactions at once")
    check(True, "reactions are not rate limited")
    ends(check, "signs of life", ada, bob)
    await ada.leave()
    await bob.leave()


async def sending_files(check: Checks, relay: str) -> None:
    ada, bob = await pair(relay)
    eve = await Client.open(relay, "plugin")
    eve.files.strict = False
    await eve.join(ada.code, "Eve")
    for size in (1, files.CHUNK_BYTES, files.CHUNK_BYTES + 1, files.MAX_FILE_BYTES):
        data = files.sample(size)
        transfer = await ada.send_file(f"{size}.bin", data)
        for receiver in (bob, eve):
            got = await receiver.files.done(lambda it: it.transfer_id == transfer)
            check(got.state == "done" and got.data == data, f"file of {size} bytes: {receiver.dialect} has it", got.why)
            check.equal((got.meta["fileName"], got.meta["fileSize"]), (f"{size}.bin", size), "file: its name and size")
        expected = {(transfer, bob.member_id), (transfer, eve.member_id)}
        await ada.until(lambda: expected <= set(ada.acks), "both acknowledgements")
        check(True, f"file of {size} bytes: both acknowledge, though it is complete")
    voice = await bob.send_file("voice_20260101_120000.webm", files.sample(40_000), mime="audio/webm;codecs=opus", voice=7)
    got = await ada.files.done(lambda it: it.transfer_id == voice)
    check.equal((got.state, got.meta.get("isVoice"), got.meta.get("duration")), ("done", True, 7), "voice message")
    picture = files.sample(8_000)
    image = await bob.send_file("p.jpg", files.sample(70_000), mime="image/jpeg", thumbnail=picture)
    got = await ada.files.done(lambda it: it.transfer_id == image)
    check.equal(bytes(got.meta["thumbnail"].values()), picture, "an image with a thumbnail of 8,000 bytes")
    plugin = await eve.send_file("plugin.txt", b"hello", dialect="plugin")
    await ada.until(lambda: bool(ada.problems), "the web client refuses the plugin's metadata")
    check.equal((ada.problems.pop(), plugin in ada.files.all), ("metadata that is refused", False), "the plugin's dialect passes the relay")
    bob.problems.clear()
    await refusals_of_files(check, ada, bob)
    ends(check, "files", ada, bob, eve)
    for client in (ada, bob, eve):
        await client.leave()


async def refusals_of_files(check: Checks, ada: Client, bob: Client) -> None:
    iv, sealed = ada.key.seal(payload.dump({"transferId": "first", "fileName": "f", "fileSize": 9, "mimeType": "a/b", "totalChunks": 1}, False))
    meta = {"transferId": "first", "iv": payload.encode(iv), "ciphertext": sealed}
    chunk = {"transferId": "first", "index": 0, "iv": bytes(12), "data": bytes(30)}

    async def error(kind: int, data: dict, what: str, text: str | None = None) -> None:
        await ada.send(kind, data)
        got = await ada.expect(wire.ERROR)
        check.equal(got["code"], "E005", f"files: {what}")
        if text is not None:
            check(text in got["msg"], f"files: {what}: its text", got["msg"])

    await error(wire.CHUNK, chunk, "a chunk of no transfer is refused")
    await error(wire.META, meta | {"ciphertext": payload.encode(sealed)}, "metadata as str is refused")
    await error(wire.META, meta | {"iv": iv}, "its IV as bin is refused")
    await ada.send(wire.META, meta)
    await bob.expect(wire.FILE_META, lambda data: data["transferId"] == "first")
    await error(wire.META, meta | {"transferId": "second"}, "a second transfer is refused", "already has active transfer")
    await error(wire.CHUNK, chunk | {"transferId": "other"}, "a chunk of another transfer is refused")
    await error(wire.CHUNK, chunk | {"data": "text"}, "a chunk as str is refused")
    await error(wire.COMPLETE, {"transferId": "other"}, "completing another transfer is refused")
    await error(wire.CANCEL, {"transferId": "other"}, "cancelling another transfer is refused")
    await error(wire.ACK, {"transferId": 1}, "an acknowledgement of nothing is refused")
    await ada.send(wire.CANCEL, {"transferId": "first"})
    await bob.expect(wire.FILE_CANCEL, lambda data: data["transferId"] == "first" and data["senderId"] == ada.member_id)
    check(True, "files: cancelled")
    await ada.send(wire.META, meta | {"transferId": "left"})
    await bob.expect(wire.FILE_META, lambda data: data["transferId"] == "left")
    await ada.send(wire.LEAVE, {})
    await bob.expect(wire.MEMBER_LEFT)
    await ada.join(ada.code, "Ada")
    await ada.send(wire.META, meta | {"transferId": "anew"})
    await bob.expect(wire.FILE_META, lambda data: data["transferId"] == "anew")
    check(True, "files: leaving frees the slot (Arthas' relay does not)")
    dying = await Client.open(bob.relay)
    await dying.join(ada.code, "Dying")
    await dying.send(wire.META, meta | {"transferId": "dying"})
    await bob.expect(wire.FILE_META, lambda data: data["transferId"] == "dying")
    await dying.hang_up()
    await bob.expect(wire.FILE_CANCEL, lambda data: data["transferId"] == "dying")
    await bob.expect(wire.MEMBER_LEFT, lambda data: data["id"] == dying.member_id)
    check(True, "files: who is gone has cancelled")


async def refusals(check: Checks, relay: str) -> None:
    ada = await Client.open(relay)
    for kind, data, what in [
        (wire.SEND, {"iv": "x", "ciphertext": "x"}, "message"),
        (wire.TYPING, {"typing": True}, "typing"),
        (wire.REACT, {"iv": "x", "ciphertext": "x"}, "reaction"),
        (wire.META, {"transferId": "x", "iv": "x", "ciphertext": b"x"}, "metadata"),
        (wire.CHUNK, {"transferId": "x", "index": 0, "iv": b"x", "data": b"x"}, "chunk"),
        (wire.COMPLETE, {"transferId": "x"}, "complete"),
        (wire.CANCEL, {"transferId": "x"}, "cancel"),
        (wire.ACK, {"transferId": "x"}, "ack"),
    ]:
        await ada.send(kind, data)
        check.equal((await ada.expect(wire.ERROR))["code"], "E003", f"outside a room: {what}")

    async def invalid(kind: int, data, what: str) -> None:
        await ada.send(kind, data)
        check.equal((await ada.expect(wire.ERROR))["code"], "E005", f"invalid: {what}")

    plain = {"name": "Ada", "password": "", "ephemeral": 0, "expiry": 0}
    for name, what in (("", "no name"), ("x" * 21, "a name of 21 characters"), (7, "a name that is a number"), (b"Ada", "a name that is bin")):
        await invalid(wire.CREATE, plain | {"name": name}, f"create with {what}")
    await invalid(wire.CREATE, plain | {"password": "short"}, "create with a password that is no hash")
    await invalid(wire.CREATE, [1, 2], "create with a list")
    await invalid(wire.JOIN, "text", "join with a text")
    for frame, what in ((b"\xc1", "no MessagePack"), (b"\x81\xa4type\x01", "half an envelope"), ("text", "a text frame"), (b"\x93\x01\x02\x03", "a list")):
        await ada.send_frame(frame)
        check.equal((await ada.expect(wire.ERROR))["code"], "E005", f"invalid: {what}")
    await ada.send(0x1F, {})
    await ada.send(wire.JOIN, {"roomId": "V1StGXR8_Z5jdHi6B-myT", "name": "Ada", "password": ""})
    error = await ada.expect(wire.ERROR)
    check.equal((error["code"], error["msg"]), ("E001", "room not found"), "join: no such room; unknown types are skipped")
    # Text frames hold the same bytes where they are UTF-8.
    await ada.send_frame(wire.encode_js(wire.JOIN, {"roomId": "V1StGXR8_Z5jdHi6B-myT", "name": "Ada", "password": ""}).hex())
    check.equal((await ada.expect(wire.ERROR))["code"], "E005", "a text frame of something else")
    code = await ada.create("\U0001f469\u200d" * 10)
    check.equal(ada.joined["members"][0]["name"], "\U0001f469\u200d" * 10, "a name of 20 code points")
    await invalid(wire.SEND, {"iv": "", "ciphertext": "x"}, "a message without IV")
    await invalid(wire.SEND, {"iv": "x", "ciphertext": b"x"}, "a message as bin")
    await invalid(wire.SEND, "x", "a message that is no map")
    await invalid(wire.REACT, {"iv": "x"}, "a reaction without ciphertext")
    await invalid(wire.TYPING, [True], "typing that is no map")
    await ada.send(wire.PONG, {"t": 1.5})
    bob = await Client.open(relay)
    await bob.join(code, "Bob")
    check(True, "an odd pong is ignored")
    await ada.leave()
    await bob.leave()


async def rates(check: Checks, relay: str) -> None:
    ada, bob = await pair(relay)
    # The announcement was the first of ten.
    for index in range(9):
        await ada.text(f"message {index}")
    await ada.text("the eleventh")
    error = await ada.expect(wire.ERROR)
    check.equal(error["code"], "E004", "the 11th message within 10 s is refused")
    await bob.message("message 8")
    check(all(message.text != "the eleventh" for message in bob.messages), "it reaches nobody")
    await ada.set_typing(True, True)
    await bob.expect(wire.MEMBER_TYPING)
    await asyncio.sleep(10.2)
    await ada.text("afterwards")
    await bob.message("afterwards")
    check(True, "10 s later it goes on, on the same connection")
    ends(check, "rates", ada, bob)
    await ada.leave()
    await bob.leave()


async def passwords(check: Checks, relay: str) -> None:
    ada = await Client.open(relay)
    code = await ada.create("Ada", password="hunter22")
    check.equal(ada.joined["hasPassword"], True, "password: the room has one")
    bob = await Client.open(relay)
    for password, what in (("wrong one", "a wrong one"), ("", "none")):
        check.equal(await refused(bob.join(code, "Bob", password)), "E006", f"password: {what} is refused")
    cli = await Client.open(relay, "cli")
    check.equal(await refused(cli.join(code, "Cli")), "E006", "password: the Go client has none")
    await bob.join(code, "Bob", "hunter22")
    check.equal(bob.joined["hasPassword"], True, "password: the right one enters")
    for client in (ada, bob, cli):
        await client.leave()


async def full(check: Checks, relay: str) -> None:
    ada = await Client.open(relay)
    code = await ada.create("Ada")
    others = []
    for index in range(49):
        client = await Client.open(relay)
        await client.join(code, f"Member {index}")
        others.append(client)
    check.equal(len(others[-1].joined["members"]), 50, "50 members")
    last = await Client.open(relay)
    try:
        await last.join(code, "Last")
        error = None
    except Refused as refusal:
        error = (refusal.code, refusal.text)
    check.equal(error, ("E002", "room is full"), "the 51st is refused")
    await ada.text("to all 49")
    await asyncio.gather(*(client.message("to all 49") for client in others))
    check(True, "a message reaches all 49 others")
    await others[0].leave()
    await last.join(code, "Last")
    check(True, "a place that is free can be taken")
    ends(check, "50 members", ada, *others)
    await asyncio.gather(*(client.hang_up() for client in (ada, last, *others[1:])))


async def expiry(check: Checks, relay: str) -> None:
    ada = await Client.open(relay)
    before = time.time()
    code = await ada.create("Ada", expiry=700_000)
    check(abs(code.expires_at - before - 604_800) < 10, "expiry: at most a week", code.expires_at)
    await ada.send(wire.LEAVE, {})
    code = await ada.create("Ada", expiry=-5)
    check.equal(code.expires_at, 0, "expiry: a negative one is none")
    await ada.send(wire.LEAVE, {})
    code = await ada.create("Ada", expiry=3)
    bob = await Client.open(relay)
    await bob.join(code, "Bob")
    iv, sealed = ada.key.seal(b"{}")
    await ada.send(wire.META, {"transferId": "late", "iv": payload.encode(iv), "ciphertext": sealed})
    warning = await bob.expect(wire.MESSAGE, lambda data: data["senderId"] == "system", 70)
    check.equal((warning["senderName"], warning["iv"], warning["ciphertext"], warning["t"] % 1000), ("System", "", "__SYSTEM_EXPIRY_WARNING__", 0), "expiry: the warning")
    closed = await bob.expect(wire.CLOSED, timeout=70)
    check.equal(closed.get("reason"), "expired", "expiry: the room is closed")
    cancelled = await bob.expect(wire.FILE_CANCEL)
    check.equal((cancelled["transferId"], cancelled["senderId"]), ("late", ada.member_id), "expiry: its transfers are cancelled")
    check(bob.ended is None, "expiry: the connection stays")
    late = await Client.open(relay)
    check(await refused(late.join(code, "Late")) in ("E001", "E007"), "expiry: nobody joins any more")
    await ada.expect(wire.CLOSED)
    await ada.create("Ada")
    check(True, "expiry: the connection can make another room")
    for client in (ada, bob, late):
        await client.hang_up()


async def silence(check: Checks, relay: str) -> None:
    """The Go client and the plugin need a frame now and then."""
    clients = [await Client.open(relay, "cli"), await Client.open(relay, "plugin")]
    code = await clients[0].create("Idle")
    await clients[1].join(code, "Idle too")
    for client in clients:
        await client.until(lambda: client.pings >= 1, "a ping", 35)
        check(client.first_ping_s < 26.5, f"the {client.dialect} client is pinged within 25 s", client.first_ping_s)
    await asyncio.sleep(max(0, 42 - (time.monotonic() - clients[0].opened_at)))
    check.equal(clients[0].ended, None, "an idle Go client is still there after 42 s")
    for client in clients:
        await client.hang_up()


async def http(check: Checks, relay: str) -> None:
    base = relay.replace("ws", "http", 1).removesuffix("/ws")

    def get(path: str):
        try:
            with urllib.request.urlopen(base + path, timeout=10) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    check.equal(await asyncio.to_thread(get, "/ping"), (200, b"pong"), "GET /ping")
    ada = await Client.open(relay)
    secret = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
    listing = {"public": True, "title": "Open <b>house</b>", "description": "for all", "tags": ["tea"], "keyEncoded": secret}
    code = await ada.create("Ada", **listing)
    status, body = await asyncio.to_thread(get, "/api/hub?tag=tea&limit=10")
    page = json.loads(body)
    room = page["rooms"][0]
    check.equal((status, page["total"], page["limit"], page["offset"]), (200, 1, 10, 0), "list: the room is in it")
    check.equal((room["roomId"], room["title"], room["tags"], room["memberCount"], room["hasPassword"]), (code.room_id, "Open house", ["tea"], 1, False), "list: what it says")
    check(secret.encode() not in body, "list: without the room's key (Arthas lists it)")
    check.equal((await asyncio.to_thread(get, "/api/hub?limit=101"))[0], 400, "list: at most 100 at once")
    status, body = await asyncio.to_thread(get, "/api/hub/stats")
    check.equal((status, json.loads(body)["matchEnabled"]), (200, False), "list: figures")
    await ada.send(wire.LEAVE, {})
    # Answered once it has left.
    await ada.send(wire.SEND, {})
    await ada.expect(wire.ERROR)
    check.equal(json.loads((await asyncio.to_thread(get, "/api/hub"))[1])["total"], 0, "list: a room that is gone is not in it")
    await ada.create("Ada", **listing | {"title": ""})
    check.equal((await ada.expect(wire.ERROR))["code"], "E011", "list: a room without title stays private")
    await ada.hang_up()


async def run(check: Checks, relay: str) -> None:
    slow = [asyncio.create_task(guarded(check, test(check, relay), test.__name__)) for test in (silence, expiry, rates)]
    for test in (http, entering, signs_of_life, sending_files, refusals, passwords, full):
        await guarded(check, test(check, relay), test.__name__)
    for first, second in (("web", "web"), ("web", "cli"), ("cli", "cli")):
        await guarded(check, chatting(check, relay, first, second), f"chatting {first}-{second}")
    await asyncio.gather(*slow)


async def guarded(check: Checks, test, name: str) -> None:
    try:
        await test
    except Exception as error:
        check(False, f"{name} goes through", f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    found = Checks()
    vectors.run(found)
    asyncio.run(run(found, sys.argv[1]))
    found.report()
