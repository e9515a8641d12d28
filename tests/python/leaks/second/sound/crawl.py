# SOUND: a list of work that grows for half of the run and is then worked off.
import collections
import random

import pmtrace


def links(page, rng):
    if page > 12000:
        return []
    return ["/page/%d" % rng.randrange(page, page + 9) for _ in range(6)]


def main():
    rng = random.Random(8)
    frontier = collections.deque(["/page/1"])
    visited = 0
    while frontier and visited < 9000:
        if visited == 1500:
            pmtrace.mark("early")
        url = frontier.popleft()
        visited += 1
        if visited < 4500:
            page = int(url.rsplit("/", 1)[1]) + visited
            if visited % 3 == 0 or len(frontier) < 2:
                frontier.extend(links(page, rng))
    pmtrace.mark("late")
    print(visited)


main()
