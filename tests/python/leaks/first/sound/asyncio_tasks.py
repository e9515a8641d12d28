"""Tasks that end."""
import asyncio


async def answer(number):
    await asyncio.sleep(0)
    return "answer %d" % number


async def main():
    for start in range(0, 1500, 10):
        await asyncio.gather(*[answer(start + n) for n in range(10)])


asyncio.run(main())
