"""Tasks of an event loop, and what they give."""
import asyncio


async def fetch(number, gate):
    body = bytearray(100 + number)
    await gate.wait()
    await asyncio.sleep(0)
    return {"number": number, "body": bytes(body)}


async def session(count):
    gate = asyncio.Event()
    tasks = [asyncio.ensure_future(fetch(number, gate))
             for number in range(count)]
    await asyncio.sleep(0)
    gate.set()
    return await asyncio.gather(*tasks)


def run():
    loop = asyncio.new_event_loop()
    first = loop.run_until_complete(session(60))
    yield
    second = loop.run_until_complete(session(30))
    first = first[:10]
    yield
    second += loop.run_until_complete(session(20))
    loop.close()
    yield second
