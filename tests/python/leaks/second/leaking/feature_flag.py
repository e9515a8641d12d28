# LEAKS: from the middle of the run on, when the audit was switched on.
# TYPES: dict, str, list, tuple, int
import random

import pmtrace

audit = []


def handle(rng, number, audited):
    order = {"number": number, "items": [rng.randrange(100) for _ in range(6)]}
    price = sum(item * 3 for item in order["items"])
    if audited:
        audit.append(("order", number,  # LEAK
                      "%d items, %d cents, by worker %d"  # LEAK
                      % (len(order["items"]), price, number % 4)))  # LEAK
    return price


def main():
    rng = random.Random(17)
    total = 0
    for number in range(8000):
        if number == 3000:
            pmtrace.mark("early")
        total += handle(rng, number, number >= 4000)
    pmtrace.mark("late")
    print(total)


main()
