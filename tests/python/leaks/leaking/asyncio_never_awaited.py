"""Tasks that wait for an event which never comes, until the process is killed."""
import asyncio
import os

waiting = set()


async def listen(event):
    await event.wait()


async def main():
    event = asyncio.Event()
    for number in range(1500):
        waiting.add(asyncio.ensure_future(listen(event)))  # LEAK
        await asyncio.sleep(0)
        "".join(str(n) for n in range(number % 9))
    os._exit(0)


asyncio.run(main())
