# SOUND: edit distances, with a table for each pair of words that is let go,
# and a memo of the pairs of a small dictionary.
import random

import pmtrace

memo = {}


def distance(a, b):
    if (a, b) in memo:
        return memo[a, b]
    table = [list(range(len(b) + 1))]
    for i, x in enumerate(a, 1):
        row = [i]
        for j, y in enumerate(b, 1):
            row.append(min(row[-1] + 1, table[-1][j] + 1,
                           table[-1][j - 1] + (x != y)))
        table.append(row)
    memo[a, b] = table[-1][-1]
    return memo[a, b]


def main():
    rng = random.Random(5)
    words = ["".join(rng.choice("abcdef") for _ in range(7))
             for _ in range(36)]
    total = 0
    for number in range(5000):
        if number == 1000:
            pmtrace.mark("early")
        total += distance(rng.choice(words), rng.choice(words))
    pmtrace.mark("late")
    print(total)


main()
