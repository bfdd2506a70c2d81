"""A member of Arthas rooms, written from the facts of its wire format alone.

It behaves like Arthas' web client, its Go client or its agent plugin, so that what would trouble one of them shows.
"""

import asyncio
import json
import os
import time
from collections import deque

import files
import payload
import wire
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

# What differs between Arthas' clients. `origin` None: no such header. `silence`: seconds without any frame (web and Go) or
# without a ping (plugin) after which the connection is given up; the web client never gives up.
DIALECTS = {
    "web": {"encode": wire.encode_js, "origin": "https://chat.example.com", "max_size": None, "form": "js", "silence": None},
    "cli": {"encode": wire.encode_go, "origin": "arthas-cli", "max_size": wire.MAX_FRAME_BYTES, "form": "go", "silence": 40},
    "plugin": {"encode": wire.encode_js, "origin": None, "max_size": None, "form": None, "silence": 60},
}
TIMEOUT_S = 20


class Refused(Exception):
    """The relay's answer was an error."""

    def __init__(self, code: str, text: str):
        super().__init__(f"{code} {text}")
        self.code, self.text = code, text


class Client:
    """One connection, and the room it is in."""

    def __init__(self, socket, relay: str, dialect: str):
        self.relay = relay
        self.dialect = dialect
        self.traits = DIALECTS[dialect]
        self.member_id = ""
        self.members: dict[str, str] = {}
        self.joined: dict = {}
        self.code: payload.ShareCode | None = None
        self.key: payload.RoomKey | None = None
        self.signer = payload.Signer()
        self.keyring = payload.Keyring()
        self.messages: list[payload.Message] = []
        self.reactions: list[dict] = []
        self.typing: dict[str, bool] = {}
        self.files = files.Receiver(self)
        self.acks: list[tuple[str, str]] = []
        self.problems: list[str] = []
        self.pings = 0
        self.ended: str | None = None
        self.opened_at = time.monotonic()
        self.first_ping_s: float | None = None
        self._socket = socket
        self._inbox: deque[tuple[int, dict]] = deque()
        self._changed = asyncio.Condition()
        self._reader = asyncio.create_task(self._read())

    @classmethod
    async def open(cls, relay: str, dialect: str = "web") -> "Client":
        traits = DIALECTS[dialect]
        socket = await connect(
            relay, origin=traits["origin"], max_size=traits["max_size"], compression=None, ping_interval=None, user_agent_header=None
        )
        return cls(socket, relay, dialect)

    async def create(self, name: str, password: str = "", ephemeral: int = 0, expiry: int = 0, **listing) -> payload.ShareCode:
        """Makes a room with a key of our own, enters it and announces our signing key."""
        fields = {"name": name, "password": payload.password_hash(password), "ephemeral": ephemeral, "expiry": expiry, **listing}
        await self.send(wire.CREATE, fields)
        created = await self.expect(wire.CREATED)
        key = os.urandom(32)
        self.code = payload.ShareCode(created["roomId"], key, ephemeral, created["expiresAt"])
        await self._entered(key)
        return self.code

    async def join(self, code, name: str, password: str = "") -> None:
        """Enters a room and announces our signing key."""
        self.code = code if isinstance(code, payload.ShareCode) else payload.ShareCode.parse(code)
        # Before anything is sent: a relay may forward a message ahead of its answer.
        self.key = payload.RoomKey(self.code.key)
        fields = {"roomId": self.code.room_id, "name": name, "password": payload.password_hash(password)}
        await self.send(wire.JOIN, fields)
        await self._entered(self.code.key)

    async def _entered(self, key: bytes) -> None:
        self.key = payload.RoomKey(key)
        self.joined = await self.expect(wire.JOINED)
        # The only way in which a client learns its own id.
        self.member_id = self.joined["members"][-1]["id"]
        if self.dialect == "plugin":
            await self.send_raw("[PUBLIC_KEY]" + self.signer.public)
        else:
            await self.send_payload(self.signer.announcement())

    async def text(self, text: str, reply: dict | None = None, signed: bool = True) -> None:
        if self.dialect == "plugin":
            return await self.send_raw(text)
        content = {"text": text, **({"reply": reply} if reply else {})}
        await self.send_payload(self.signer.sign(content, self.traits["form"]) if signed else content)

    async def send_payload(self, content) -> None:
        await self.send_raw(payload.dump(content, self.dialect == "cli").decode("utf-8", "surrogatepass"))

    async def send_raw(self, text: str, kind: int = wire.SEND) -> None:
        iv, sealed = self.key.seal(text.encode())
        await self.send(kind, {"iv": payload.encode(iv), "ciphertext": payload.encode(sealed)})

    async def react(self, stable_id: str, emoji: str, action: str = "add") -> None:
        content = {"stableId": stable_id, "emoji": emoji, "action": action}
        await self.send_raw(payload.dump(content, False).decode(), wire.REACT)

    async def set_typing(self, on: bool, plain: bool) -> None:
        if plain:
            await self.send(wire.TYPING, {"typing": on})
        else:
            await self.send_raw(payload.dump({"typing": on}, False).decode(), wire.TYPING)

    async def send_file(self, name: str, data: bytes, **options) -> str:
        return await files.send(self, name, data, **options)

    async def send(self, kind: int, data: dict) -> None:
        await self._socket.send(self.traits["encode"](kind, data))

    async def send_frame(self, frame: bytes | str) -> None:
        """Sends what is perhaps no frame at all."""
        await self._socket.send(frame)

    async def fence(self) -> None:
        """Resolves once the relay has done all that we asked for: it refuses an empty message."""
        await self.send(wire.SEND, {})
        await self.expect(wire.ERROR, lambda data: data["code"] == "E005")

    async def expect(self, kind: int, test=lambda data: True, timeout: float = TIMEOUT_S) -> dict:
        """The next frame of this kind. An error frame in its place is thrown, unless it is what is waited for."""
        found: dict = {}

        def look():
            for index, (got, data) in enumerate(self._inbox):
                if got == kind and test(data):
                    found.update(data)
                    del self._inbox[index]
                    return True
                if got == wire.ERROR and kind != wire.ERROR:
                    del self._inbox[index]
                    raise Refused(data["code"], data["msg"])
            return False

        await self.until(look, f"0x{kind:02x}", timeout)
        return found

    async def until(self, test, what: str, timeout: float = TIMEOUT_S) -> None:
        """Waits until something holds that frames bring about."""
        try:
            async with asyncio.timeout(timeout), self._changed:
                while not test():
                    if self.ended is not None:
                        raise RuntimeError(f"the connection ended ({self.ended}) before: {what}")
                    await self._changed.wait()
        except TimeoutError:
            raise RuntimeError(f"in {timeout} s there was no: {what}") from None

    async def message(self, text: str) -> payload.Message:
        """The message with this text, once it is there."""
        await self.until(lambda: any(message.text == text for message in self.messages), f"message {text[:40]!r}")
        return next(message for message in self.messages if message.text == text)

    async def changed(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    async def leave(self) -> None:
        """Leaves and hangs up."""
        await self.send(wire.LEAVE, {})
        await self.hang_up()

    async def hang_up(self) -> None:
        await self._socket.close()
        await self._reader

    async def _read(self) -> None:
        silence = self.traits["silence"]
        try:
            while True:
                frame = await asyncio.wait_for(self._socket.recv(), silence if self.dialect == "cli" else None)
                kind, data = wire.decode(frame)
                # The Go client knows no files, reactions and typing: it skips them.
                if self.dialect != "cli" or kind not in (wire.REACTION, wire.MEMBER_TYPING, *range(wire.FILE_META, wire.FILE_ACK + 1)):
                    await self._on_frame(kind, data)
                self._inbox.append((kind, data))
                await self.changed()
        except ConnectionClosed as closed:
            self.ended = f"closed with {closed.rcvd.code if closed.rcvd else 1006}"
        except TimeoutError:
            self.ended = "no frame for 40 s"
        except Exception as error:
            self.problems.append(f"{type(error).__name__}: {error}")
            self.ended = str(error)
        finally:
            await self._socket.close()
            await self.changed()

    async def _on_frame(self, kind: int, data: dict) -> None:
        if kind == wire.PING:
            self.pings += 1
            self.first_ping_s = self.first_ping_s or time.monotonic() - self.opened_at
            await self.send(wire.PONG, {"t": data["t"]})
        elif kind == wire.JOINED:
            self.members = {member["id"]: member["name"] for member in data["members"]}
        elif kind == wire.MEMBER_JOINED:
            self.members[data["id"]] = data["name"]
        elif kind == wire.MEMBER_LEFT:
            self.members.pop(data["id"], None)
            self.keyring.keys.pop(data["id"], None)
            self.files.sender_left(data["id"])
        elif kind == wire.MESSAGE and self.key is not None:
            self._on_message(data)
        elif kind == wire.REACTION and self.key is not None:
            content = self._open(data)
            if isinstance(content, dict) and content.get("action") in ("add", "remove"):
                self.reactions.append({"from": data["senderId"], **content})
        elif kind == wire.MEMBER_TYPING and self.key is not None:
            content = data if isinstance(data.get("typing"), bool) else self._open(data)
            if isinstance(content, dict) and isinstance(content.get("typing"), bool):
                self.typing[data["id"]] = content["typing"]
        elif kind == wire.FILE_ACK:
            self.acks.append((data["transferId"], data["receiverId"]))
        elif wire.FILE_META <= kind <= wire.FILE_CANCEL and self.key is not None:
            await self.files.on_frame(kind, data)

    def _open(self, data: dict):
        try:
            opened = self.key.open(payload.decode(data["iv"]), payload.decode(data["ciphertext"]))
        except ValueError:
            opened = None
        if opened is None:
            self.problems.append("something does not open")
            return None
        try:
            return json.loads(opened)
        except ValueError:
            return opened.decode()

    def _on_message(self, data: dict) -> None:
        sender = data["senderId"]
        # What no Arthas client handles.
        if sender == "system" or (content := self._open(data)) is None:
            return
        if not isinstance(content, dict) or not isinstance(content.get("text"), str):
            content = {"text": content if isinstance(content, str) else payload.dump(content, False).decode()}
        if content.get("type") == "pubkey":
            if not self.keyring.announced(sender, content):
                self.problems.append("a key announcement that does not verify")
            for message in self.messages:
                if message.sender_id == sender and message.state == "unknown":
                    message.state = self.keyring.state(sender, message.payload)
            return
        state, reply = self.keyring.state(sender, content), content.get("reply")
        self.messages.append(payload.Message(sender, data["senderName"], data["t"], content["text"], state, reply, content))
