# SOUND: a pool that makes connections up to twenty when there is much to do.
import random

import pmtrace


class Connection:
    def __init__(self, number):
        self.number = number
        self.received = bytearray()

    def ask(self, text):
        self.received[:] = text.encode() * 3
        return len(self.received)


class Pool:
    def __init__(self, limit):
        self.limit = limit
        self.made = 0
        self.idle = []

    def take(self):
        if not self.idle and self.made < self.limit:
            self.made += 1
            return Connection(self.made)
        return self.idle.pop() if self.idle else None


def main():
    rng = random.Random(1)
    pool = Pool(20)
    size = 0
    for tick in range(2500):
        if tick == 500:
            pmtrace.mark("early")
        taken = [pool.take() for _ in range(rng.randrange(1, 3 + tick // 150))]
        for connection in taken:
            if connection:
                size += connection.ask("SELECT %d" % rng.randrange(10 ** 6))
                pool.idle.append(connection)
    pmtrace.mark("late")
    print(size, pool.made)


main()
