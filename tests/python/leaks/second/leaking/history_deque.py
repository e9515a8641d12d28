# LEAKS: the history is trimmed by one for each call, but two are added.
# TYPES: dict, str, int, float, deque, tuple
import collections
import random

import pmtrace


class History:
    def __init__(self, limit):
        self.limit = limit
        self.events = collections.deque()

    def add(self, kind, value):
        self.events.append({"kind": kind, "value": value})  # LEAK

    def trim(self):
        if len(self.events) > self.limit:
            self.events.popleft()


def main():
    rng = random.Random(4)
    history = History(200)
    positive = 0
    for number in range(6000):
        if number == 1000:
            pmtrace.mark("early")
        value = rng.gauss(0, 1)  # LEAK
        positive += value > 0
        history.add("read", value)
        history.add("write", -value)  # LEAK
        history.trim()
    pmtrace.mark("late")
    print(positive, len(history.events))


main()
