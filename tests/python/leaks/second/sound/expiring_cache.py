# SOUND: entries are dropped some time after they were made.
import hashlib
import random

import pmtrace


class Expiring:
    def __init__(self, ticks):
        self.ticks = ticks
        self.entries = {}

    def get(self, key, now):
        entry = self.entries.get(key)
        if entry is None or entry[0] < now:
            text = hashlib.sha256(b"%d" % key).hexdigest() * 4
            entry = self.entries[key] = (now + self.ticks, text)
        return entry[1]

    def sweep(self, now):
        for key in [k for k, entry in self.entries.items() if entry[0] < now]:
            del self.entries[key]


def main():
    rng = random.Random(10)
    cache = Expiring(900)
    size = 0
    for now in range(9000):
        if now == 1800:
            pmtrace.mark("early")
        size += len(cache.get(rng.randrange(10 ** 6), now))
        if now % 400 == 0:
            cache.sweep(now)
    pmtrace.mark("late")
    print(size)


main()
