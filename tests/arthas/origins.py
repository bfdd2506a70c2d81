"""Whom a relay with a list of origins lets in. Its list: the web client's origin and `arthas-cli`; no missing one."""

import asyncio
import sys

from checks import Checks
from client import Client
from websockets.exceptions import InvalidStatus


async def run(check: Checks, relay: str) -> None:
    for dialect in ("web", "cli"):
        client = await Client.open(relay, dialect)
        await client.create("Ada")
        check(True, f"origins: the {dialect} client is let in")
        await client.hang_up()
    try:
        await Client.open(relay, "plugin")
        status = 101
    except InvalidStatus as refusal:
        status = refusal.response.status_code
    check.equal(status, 403, "origins: a missing one is refused before the upgrade, where it was not chosen")


if __name__ == "__main__":
    found = Checks()
    asyncio.run(run(found, sys.argv[1]))
    found.report()
