# SOUND: each problem is larger than the one before, and is let go.
import random

import pmtrace


def product(a, b):
    columns = list(zip(*b))
    return [[sum(x * y for x, y in zip(row, column)) for column in columns]
            for row in a]


def solve(size, rng):
    a = [[rng.random() for _ in range(size)] for _ in range(size)]
    b = [[rng.random() for _ in range(size)] for _ in range(size)]
    c = product(a, b)
    return sum(c[i][i] for i in range(size))


def main():
    rng = random.Random(19)
    trace = 0.0
    for size in range(2, 46):
        if size == 12:
            pmtrace.mark("early")
        trace += solve(size, rng)
    pmtrace.mark("late")
    print(round(trace))


main()
