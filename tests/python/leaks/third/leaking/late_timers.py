# LEAKS: each connection sets a timer of an hour, which is not cancelled when
# the connection ends.
# TYPES: TimerHandle, tuple, Connection, dict, float, str, list, bytes, method, Context, bytearray
import asyncio

import pmtrace


class Connection:
    def __init__(self, number):
        self.peer = "10.0.%d.%d" % (number // 250, number % 250)  # LEAK
        self.received = bytearray()

    def timed_out(self):
        self.received = None

    async def run(self, loop):
        loop.call_later(3600, self.timed_out)  # LEAK
        for part in range(4):
            self.received += b"%d " % part * 50  # LEAK
            await asyncio.sleep(0)
        return len(self.received.split())


async def main():
    loop = asyncio.get_running_loop()
    words = 0
    for number in range(1500):
        if number == 250:
            pmtrace.mark("early")
        words += await Connection(number).run(loop)  # LEAK
    pmtrace.mark("late")
    print(words)


asyncio.run(main())
