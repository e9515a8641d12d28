# LEAKS: each trace span names the one before as its parent, through a context
# variable that is never reset, so that the chain reaches back to the first.
# TYPES: Span, dict, float, str, hamt_bitmap_node, hamt, Token, tuple, Context
import contextvars
import time

import pmtrace

current = contextvars.ContextVar("current", default=None)


class Span:
    def __init__(self, name, parent):
        self.name = name
        self.parent = parent
        self.begin = time.monotonic()  # LEAK
        self.tags = {"kind": "server"}  # LEAK

    def end(self):
        self.tags["seconds"] = time.monotonic() - self.begin  # LEAK


def handle(number):
    span = Span("GET /%d" % number, current.get())  # LEAK
    current.set(span)
    words = ("alpha beta gamma " * 5).split()
    answer = "-".join(sorted(set(words)))
    span.end()
    return len(answer)


def main():
    size = 0
    for number in range(4000):
        if number == 800:
            pmtrace.mark("early")
        size += handle(number)
    pmtrace.mark("late")
    print(size)
    last = current.get()
    current.set(None)
    while last is not None:  # not by recursion
        last.parent, last = None, last.parent


main()
