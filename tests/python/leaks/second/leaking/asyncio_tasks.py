# LEAKS: each request starts a task that waits for an acknowledgement which
# never comes; the set that keeps tasks alive is never emptied.
# TYPES: Task, Future, coroutine, dict, str, Context, list
import asyncio
import json

import pmtrace

background = set()


async def wait_for_ack(loop, message):
    acknowledged = loop.create_future()  # LEAK
    await acknowledged
    return message["id"]


async def handle(loop, number):
    body = json.dumps({"id": number, "user": "u%d" % (number % 50),
                       "items": list(range(number % 10))})
    message = json.loads(body)  # LEAK
    task = loop.create_task(wait_for_ack(loop, message))  # LEAK
    background.add(task)  # LEAK
    await asyncio.sleep(0)
    return len(body)


async def main():
    loop = asyncio.get_running_loop()
    total = 0
    for number in range(2500):
        if number == 500:
            pmtrace.mark("early")
        total += await handle(loop, number)
    pmtrace.mark("late")
    print(total)
    for task in background:
        task.cancel()
    await asyncio.gather(*background, return_exceptions=True)


asyncio.run(main())
