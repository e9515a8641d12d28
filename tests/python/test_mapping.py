"""docs/pymemtrace.md has a row for every public name of this Python's
tracemalloc, and for every name of pymemtrace that the shells have."""

import inspect
import os
import re
import tracemalloc

from pmtrace import pymemtrace
from recorder_support import check, finish

TYPES = ("BaseFilter", "DomainFilter", "Filter", "Frame", "Snapshot",
         "Statistic", "StatisticDiff", "Trace", "Traceback")


def first_columns(title):
    """The code in the first cells of the tables of a chapter."""
    path = os.path.join(os.environ["PMT_SOURCE"], "docs", "pymemtrace.md")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    chapter = re.search(r"^## %s$(.*?)(?=^## |\Z)" % title, text,
                        re.M | re.S).group(1)
    codes = []
    for line in chapter.splitlines():
        cells = re.split(r"(?<!\\)\|", line)
        if len(cells) > 3:
            codes += re.findall(r"`([^`]*)`", cells[1])
    return codes


def instances():
    tracemalloc.start(2)
    try:
        kept = [bytearray(1000)]
        snapshot = tracemalloc.take_snapshot()
    finally:
        tracemalloc.stop()
        del kept
    statistic = snapshot.statistics("lineno")[0]
    return [snapshot, statistic, snapshot.compare_to(snapshot, "lineno")[0],
            statistic.traceback, statistic.traceback[0], snapshot.traces[0],
            tracemalloc.Filter(True, "*"), tracemalloc.DomainFilter(True, 0)]


def names_of_tracemalloc():
    """What is defined there, without what it imports."""
    names = set()
    for name, thing in vars(tracemalloc).items():
        if not name.startswith("_") and \
                getattr(thing, "__module__", None) in ("tracemalloc",
                                                       "_tracemalloc"):
            names.add("tracemalloc." + name)
    members = set()
    for thing in [getattr(tracemalloc, name) for name in TYPES] + instances():
        cls = thing if inspect.isclass(thing) else type(thing)
        for name in list(dir(thing)):
            if not name.startswith("_"):
                members.add(cls.__name__ + "." + name)
    return names, members


names, members = names_of_tracemalloc()
check(len(names) > 15 and len(members) > 25, "tracemalloc was not found")
codes = first_columns("tracemalloc")
for name in sorted(names | members):
    check(any(re.match(re.escape(name) + r"\b", code) for code in codes),
          "no row for " + name)
for code in codes:
    name = re.match(r"[\w.]+", code)
    if name and re.match(r"tracemalloc\.[a-zA-Z]", name.group()) and \
            name.group() not in ("tracemalloc.__version__",
                                 "tracemalloc.reset_peak"):
        check(name.group() in names, "a row for what is not: " + code)
codes = first_columns("pymemtrace")
for name in pymemtrace.__all__:
    check(any(re.match(r"@?%s\b" % name, code) for code in codes),
          "no row for " + name)
for kind in ("Profile", "ReferenceTracing"):
    for name in inspect.signature(getattr(pymemtrace, kind)).parameters:
        check(any(re.search(r"\b%s\b" % name, code) for code in codes),
              "no row for " + name)
    for name in dir(getattr(pymemtrace, kind)):
        if not name.startswith("_"):
            check(any(re.match(r"%s\b" % name, code) for code in codes),
                  "no row for %s.%s" % (kind, name))
finish()
