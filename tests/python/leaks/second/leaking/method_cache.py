# LEAKS: lru_cache on a method keeps every instance it was called on.
# TYPES: Invoice, dict, list, tuple, str, float, int, _HashedSeq
import functools
import random

import pmtrace

RATES = {"books": 0.07, "food": 0.05, "tools": 0.19}


class Invoice:
    def __init__(self, number, rng):
        self.number = number
        self.lines = [  # LEAK
            (rng.choice(list(RATES)), rng.random() * 100)  # LEAK
            for _ in range(12)]  # LEAK

    @functools.lru_cache(maxsize=None)
    def total(self, rounded):
        amount = sum(price * (1 + RATES[kind]) for kind, price in self.lines)
        return round(amount, 2) if rounded else amount


def handle(number, rng):
    invoice = Invoice(number, rng)  # LEAK
    text = "%d: %s" % (invoice.number, invoice.total(True))  # LEAK
    return len(text)


def main():
    rng = random.Random(3)
    size = 0
    for number in range(3000):
        if number == 600:
            pmtrace.mark("early")
        size += handle(number, rng)
    pmtrace.mark("late")
    print(size)


main()
