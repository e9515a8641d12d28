# LEAKS: a counter with the user's id among its labels.
# TYPES: tuple, str, int, dict, Counter
import collections
import random

import pmtrace

requests = collections.Counter()


def count(method, path, user, status):
    labels = (method, path, user, status)  # LEAK
    requests[labels] += 1  # LEAK


def handle(rng):
    user = "user-%08x" % rng.getrandbits(32)  # LEAK
    path = rng.choice(("/", "/about", "/login", "/search"))
    body = " ".join([path, user] * 4)
    count("GET", path, user, 200 if len(body) % 11 else 404)
    return len(body)


def main():
    rng = random.Random(77)
    size = 0
    for number in range(8000):
        if number == 1600:
            pmtrace.mark("early")
        size += handle(rng)
    pmtrace.mark("late")
    print(size)


main()
