# LEAKS: clients go away half way through a download; the generator that made
# their pages stays suspended in a table.
# TYPES: generator, list, str, dict, tuple, int
import random

import pmtrace

open_streams = {}


def pages(query, size):
    rows = ["%s %04d" % (query, i) for i in range(size)]  # LEAK
    for begin in range(0, len(rows), 5):
        yield rows[begin:begin + 5]


def serve(number, rng):
    stream = pages("query%d" % number, 20)  # LEAK
    open_streams[number] = stream  # LEAK
    wanted = rng.choice((1, 2, 10, 10))
    sent = 0
    for page in stream:
        sent += len(page)
        wanted -= 1
        if not wanted:
            return sent
    del open_streams[number]
    return sent


def main():
    rng = random.Random(8)
    sent = 0
    for number in range(2500):
        if number == 400:
            pmtrace.mark("early")
        sent += serve(number, rng)
    pmtrace.mark("late")
    print(sent, len(open_streams))


main()
