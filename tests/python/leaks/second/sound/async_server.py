# SOUND: tasks that are all awaited, never more than thirty at a time.
import asyncio
import random

import pmtrace


async def handle(number, limit, rng):
    async with limit:
        data = {"id": number, "values": [rng.random() for _ in range(12)]}
        for _ in range(rng.randrange(1, 6)):
            await asyncio.sleep(0)
        return sum(data["values"])


async def main():
    rng = random.Random(13)
    limit = asyncio.Semaphore(10)
    running = set()
    total = 0
    for number in range(3000):
        if number == 600:
            pmtrace.mark("early")
        running.add(asyncio.ensure_future(handle(number, limit, rng)))
        if len(running) >= 30:
            finished, running = await asyncio.wait(
                running, return_when=asyncio.FIRST_COMPLETED)
            total += sum(task.result() for task in finished)
    finished, _ = await asyncio.wait(running)
    total += sum(task.result() for task in finished)
    pmtrace.mark("late")
    print(round(total))


asyncio.run(main())
