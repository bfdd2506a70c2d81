"""Arthas members that do what they are told: one JSON object a line in, one answer a line out.

    {"id": 1, "op": "join", "who": "bob", "relay": "ws://...", "dialect": "web", "code": "...", "name": "Bob"}
    {"id": 1, "value": ...}  or  {"id": 1, "error": "E006"}
"""

import asyncio
import base64
import hashlib
import json
import sys

import payload
import wire
from client import Client, Refused
from rooms import AWKWARD

members: dict[str, Client] = {}


def shown(message: payload.Message) -> dict:
    return {"from": message.sender_name, "text": message.text, "state": message.state, "stableId": message.stable_id, "reply": message.reply}


async def create(who: str, relay: str, dialect: str = "web", **options):
    members[who] = await Client.open(relay, dialect)
    return str(await members[who].create(**options))


async def join(who: str, relay: str, code: str, name: str, dialect: str = "web", password: str = ""):
    client = await Client.open(relay, dialect)
    await client.join(code, name, password)
    # The Go client and the web client refuse the plugin's files, the plugin the web client's: here it shows what was sent.
    client.files.strict = dialect != "plugin"
    members[who] = client
    return {"id": client.member_id, **client.joined}


async def say(who: str, text: str, signed: bool = True, quoted: dict | None = None):
    reply = payload.quote(quoted["stableId"], quoted["from"], quoted["text"]) if quoted else None
    await members[who].text(text, reply, signed)


async def forge(who: str, text: str):
    me = members[who]
    await me.send_payload(me.signer.sign({"text": "something else"}) | {"text": text})


async def raw(who: str, text: str):
    await members[who].send_raw(text)


async def announce(who: str):
    me = members[who]
    me.signer = payload.Signer()
    await me.send_payload(me.signer.announcement())


async def message(who: str, text: str, state: str | None = None):
    me = members[who]
    await me.message(text)
    if state is not None:
        await me.until(lambda: any(it.text == text and it.state == state for it in me.messages), f"{state} of {text[:40]!r}")
    return shown(await me.message(text))


async def messages(who: str, count: int):
    me = members[who]
    await me.until(lambda: len(me.messages) >= count, f"{count} messages", 60)
    return [shown(message) for message in me.messages]


async def react(who: str, stable_id: str, emoji: str, action: str = "add"):
    await members[who].react(stable_id, emoji, action)


async def reactions(who: str, count: int):
    me = members[who]
    await me.until(lambda: len(me.reactions) >= count, f"{count} reactions")
    return [{key: it[key] for key in ("from", "stableId", "emoji", "action")} for it in me.reactions]


async def typing(who: str, on: bool, plain: bool):
    await members[who].set_typing(on, plain)


async def typists(who: str, on: bool):
    me = members[who]
    await me.until(lambda: on in me.typing.values(), f"typing {on}")


async def send_file(who: str, name: str, data: str, **options):
    if "thumbnail" in options:
        options["thumbnail"] = base64.b64decode(options["thumbnail"])
    me = members[who]
    transfer = await me.send_file(name, base64.b64decode(data), **options)
    await me.until(lambda: any(it == transfer for it, _ in me.acks), "an acknowledgement", 30)


async def file(who: str, name: str):
    it = await members[who].files.done(lambda it: it.meta["fileName"] == name)
    gaps = [it.meta_gap, it.complete_gap]
    return {"state": it.state, "why": it.why, "gaps": gaps, "sha256": hashlib.sha256(it.data).hexdigest(), "meta": {key: it.meta[key] for key in it.meta if key != "thumbnail"}}


async def sees(who: str, count: int):
    me = members[who]
    await me.until(lambda: len(me.members) == count, f"{count} members")
    return sorted(me.members.values())


async def awkward(who: str):
    return AWKWARD


async def state(who: str):
    me = members[who]
    errors = [data["code"] for kind, data in me._inbox if kind == wire.ERROR]
    return {"problems": me.problems, "errors": errors, "ended": me.ended, "keyChanges": len(me.keyring.changes)}


async def leave(who: str):
    await members.pop(who).leave()


OPS = {op.__name__: op for op in (create, join, say, forge, raw, announce, message, messages, react, reactions, typing, typists, send_file, file, sees, awkward, state, leave)}


async def answer(job: dict) -> None:
    identity, op = job.pop("id"), job.pop("op")
    try:
        result = {"value": await OPS[op](**job)}
    except Refused as error:
        result = {"error": error.code}
    except Exception as error:
        result = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps({"id": identity, **result}), flush=True)


async def main() -> None:
    tasks = set()
    while line := await asyncio.to_thread(sys.stdin.readline):
        task = asyncio.create_task(answer(json.loads(line)))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    for client in members.values():
        await client.hang_up()


asyncio.run(main())
