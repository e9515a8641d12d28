# SOUND: a data set is read for the first half of the run, then served.
import json
import random

import pmtrace


def load(count):
    table = {}
    for number in range(count):
        text = '{"id": %d, "name": "thing %d", "tags": ["a", "b%d"]}' % (
            number, number, number % 7)
        table[number] = json.loads(text)
        if number == 1500:
            pmtrace.mark("early")
    return table


def main():
    rng = random.Random(12)
    table = load(5000)
    size = 0
    for _ in range(6000):
        size += len(json.dumps(table[rng.randrange(5000)]))
    pmtrace.mark("late")
    print(size)


main()
