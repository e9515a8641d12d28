# SOUND: an OrderedDict from which the oldest is taken when it is full.
import collections
import random

import pmtrace


class Cache:
    def __init__(self, limit):
        self.limit = limit
        self.items = collections.OrderedDict()

    def get(self, key):
        if key in self.items:
            self.items.move_to_end(key)
        else:
            self.items[key] = {"key": key, "values": [key * i for i in range(9)]}
            if len(self.items) > self.limit:
                self.items.popitem(last=False)
        return self.items[key]


def main():
    rng = random.Random(2)
    cache = Cache(1000)
    total = 0
    for number in range(9000):
        if number == 1500:
            pmtrace.mark("early")
        total += cache.get(rng.randrange(3000))["values"][1]
    pmtrace.mark("late")
    print(total)


main()
