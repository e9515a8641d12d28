#!/usr/bin/env python3
"""A shop that answers requests, for docs/gallery.md.

Every request loads a product page from a bounded cache of 400 pages, which is
full after a while, makes garbage of its own, and leaves a session behind.
Sessions are never taken away: that is the leak. --fixed drops them after 200
requests. In the middle a report of everything sold is made, which takes much
memory for a short time.
"""

import argparse
import collections
import json
import random
import time

try:
    from pmtrace import mark
except ImportError:

    def mark(text):
        """Without pmtrace there is no trace to leave a mark in."""


PAGES = 400
PRODUCTS = 3000


class PageCache:
    """The pages asked for last."""

    def __init__(self, size):
        self._size = size
        self._pages = collections.OrderedDict()

    def get(self, product):
        page = self._pages.get(product)
        if page is None:
            page = self._pages[product] = render(product)
            if len(self._pages) > self._size:
                self._pages.popitem(last=False)
        else:
            self._pages.move_to_end(product)
        return page


def render(product):
    """The page of a product: some KB of text."""
    rows = ["<li>product %d, fact %d: %s" % (product, i, "x" * (product % 50))
            for i in range(60)]
    return "<ul>%s</ul>" % "\n".join(rows)


def open_session(number, product):
    """What is known of a visitor."""
    return {"id": number, "seen": [product], "basket": [],
            "agent": "browser %d" % number}


def answer(cache, sessions, number, product):
    """One request."""
    session = open_session(number, product)
    sessions.append(session)
    page = cache.get(product)
    body = json.dumps({"session": session, "length": len(page)})
    return json.loads(body)["length"]


def report(sales):
    """Everything sold, as one text."""
    lines = ["%8d %10d %s" % (number, product, "*" * 40)
             for number, product in enumerate(sales)]
    return len("\n".join(lines))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--requests", type=int, default=24000)
    parser.add_argument("--seconds", type=float, default=6.0,
                        help="spread over so long (default %(default)s)")
    parser.add_argument("--fixed", action="store_true")
    options = parser.parse_args()
    chance = random.Random(7)
    cache, sessions, sales = PageCache(PAGES), collections.deque(), []
    began = time.monotonic()
    mark("open")
    for number in range(options.requests):
        product = min(int(chance.expovariate(1 / 400.0)), PRODUCTS - 1)
        answer(cache, sessions, number, product)
        sales.append(product)
        if options.fixed and len(sessions) > 200:
            sessions.popleft()
        if number == options.requests // 4:
            mark("cache is full")
        if number == options.requests // 2:
            mark("report")
            report(sales)
            mark("report done")
        due = began + options.seconds * number / options.requests
        if number % 5 == 0 and due > time.monotonic():
            time.sleep(due - time.monotonic())
    mark("closed")


if __name__ == "__main__":
    main()
