"""Tasks that wait for an event which never comes, until the process is killed."""
import asyncio
import os

waiting = set()


async def listen(event, message):
    await event.wait()
    return len(message)


async def main():
    event = asyncio.Event()
    for number in range(1500):
        text = "message %d " % number
        waiting.add(asyncio.ensure_future(listen(event, text * 50)))  # LEAK
        await asyncio.sleep(0)
    os._exit(0)


asyncio.run(main())
