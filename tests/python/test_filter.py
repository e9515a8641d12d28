"""Filters of the modes alloc and object: what a filtered recording of a program
holds against an unfiltered recording of the same program that is filtered
here.

The program does the same in each run, so that records come in the same order;
addresses differ. A gap is the number of events left out since the record
before."""
# RUN: few
# MODE: alloc,object

import fnmatch
import json
import sys

from recorder_support import (ACQUIRES, RELEASES, Trace, check, equal, finish,
                              path, plain, write)

LIBRARY = """
class Node:
    def __init__(self, value):
        self.value = value

def blocks(n):
    return [bytes(i % 1500) for i in range(n)]

def nodes(n):
    return [Node(i) for i in range(n)]
"""

PROGRAM = """
import json, sys
import pmtrace, filter_library as library

class Local:
    pass

def grow(n):
    kept, rest = [], {}
    for i in range(n):
        kept.append(str(i) * (i % 60))
        rest[i % 50] = [i, kept[-1]]
    return kept

def work():
    first = library.blocks(400)
    second = grow(500)
    third = library.nodes(200)
    del first[::2]
    local = [Local() for _ in range(100)]
    text = b"x" * 5000 * len(local)
    third[:] = library.nodes(50)
    del second, local

work()
with pmtrace.Recorder(sys.argv[1], **json.loads(sys.argv[2])) as recorder:
    work()
    recorder.mark("begin")
    work()
    recorder.mark("end")
"""


def record(name, settings):
    """The trace of the program, and its records between the marks."""
    result = plain(path("filter_program.py"), path(name),
                   json.dumps(settings), env={"PYTHONHASHSEED": "0"})
    equal(result.triple(), (0, "", ""), "the program with %r" % settings)
    trace = Trace(path(name))
    check(trace.complete(), "%r: not whole: %s" % (settings, trace.warnings))
    begin, end = [m["time_ns"] for m in trace.of("mark")]
    kind = settings["mode"]
    return trace, [r for r in trace.of(kind)
                   if begin < r["time_ns"] <= end]


def file_of(trace, stack):
    node = trace.stacks.get(stack)
    return trace.codes[node["code"]]["file"] if node else ""


def is_own(trace, r):
    """A block that the recorder took to watch a code object."""
    return file_of(trace, r["stack"]) == "<pmtrace>"


def key(trace, r):
    if r["kind"] == "alloc":
        what = (r["op"], r.get("size"), r["domain"])
    else:
        what = (r["op"], trace.type_name(r["type"]))
    return what + (tuple(trace.chain(r["stack"])),)


def filtered(records, wanted, countable, by_address):
    """[(place among those that count, record)] of those wanted. Releases are
    wanted where their acquire was, with `by_address`."""
    held = set()
    place = 0
    for r in records:
        if not countable(r):
            continue
        place += 1
        acquires = r["op"] in ACQUIRES or r["op"] == "create"
        if acquires or not by_address:
            keep = wanted(r)
        else:
            keep = r["address"] in held
        if keep and acquires:
            held.add(r["address"])
        elif acquires:
            held.discard(r["address"])
        if not acquires:
            held.discard(r["address"])
        if keep:
            yield place, r


def compare(name, all_of, settings, wanted, countable=lambda r: True,
            by_address=True):
    """`all_of`: the unfiltered trace and its records."""
    trace, found = record(name + ".pmt", settings)
    whole, records = all_of
    own = {r["address"] for r in records if is_own(whole, r)}
    own_found = {r["address"] for r in found if is_own(trace, r)}
    records = [r for r in records if r["address"] not in own]
    found = [r for r in found if r["address"] not in own_found]
    # What was made before the window may be released in it.
    expected = list(filtered(records, wanted, countable, by_address))
    live = set()
    inside = []
    for r in found:
        acquires = r["op"] in ACQUIRES or r["op"] == "create"
        if acquires:
            live.add(r["address"])
        elif by_address and r["address"] not in live:
            continue
        if not acquires:
            live.discard(r["address"])
        inside.append(r)
    equal([key(trace, r) for r in inside],
          [key(whole, r) for _, r in expected], name)
    if len(inside) != len(found) or own or own_found:
        slack = len(found) - len(inside) + 2 * len(own | own_found) + 4
    else:
        slack = 0
    for (r, before), (place, last) in zip(
            zip(inside[1:], inside), zip([p for p, _ in expected][1:],
                                         [p for p, _ in expected])):
        if abs(r.get("gap", 0) - (place - last - 1)) > slack:
            check(False, "%s: gap %d at record %d, wanted %d"
                  % (name, r.get("gap", 0), r["ordinal"], place - last - 1))
            break
    print("%s: %d of %d records" % (name, len(inside), len(records)))
    check(0 < len(inside), name + ": has records")


def alloc_filters():
    base = {"mode": "alloc", "frames": 6}
    whole = record("alloc.pmt", base)

    def matches(glob):
        return lambda r: fnmatch.fnmatchcase(
            file_of(whole[0], r["stack"]), glob)

    def one(name, wanted, countable=lambda r: True, **settings):
        compare(name, whole, dict(base, **settings), wanted, countable)

    one("all-tracked", lambda r: True, track=1)
    one("large", lambda r: r["size"] >= 700, min_block=700)
    one("small", lambda r: r["size"] <= 48, max_block=48)
    one("between", lambda r: 100 <= r["size"] <= 600, min_block=100,
        max_block=600)
    one("files", matches("*filter_library.py"),
        files="*filter_library.py")
    one("not-files", lambda r: not matches("*filter_library.py")(r),
        files="!*filter_library.py")
    one("files-and-size", lambda r: matches("*_library.py")(r) and
        r["size"] >= 700, files="*_library.py", min_block=700)
    for domain in "mem", "obj":
        one("domain-" + domain, lambda r: True,
            lambda r, domain=domain: r["domain"] == domain, domains=domain)
    raw, _ = record("raw.pmt", dict(base, domains="raw"))
    equal({r["domain"] for r in raw.of("alloc")} - {"raw"}, set(),
          "raw alone has no nested calls of others")
    nested = [r for r in raw.of("alloc") if r.get("size") in range(513, 1540)]
    unfiltered = [r for r in whole[0].of("alloc") if r["domain"] == "raw" and
                  r.get("size") in range(513, 1540)]
    equal(len(nested), len(unfiltered), "raw blocks of these sizes")


def object_filters():
    base = {"mode": "object", "object_frames": 3}
    whole = record("object.pmt", base)

    def name_of(r):
        return whole[0].type_name(r["type"])

    def one(name, wanted, by_address=False, **settings):
        compare(name, whole, dict(base, **settings), wanted,
                by_address=by_address)

    one("one-type", lambda r: name_of(r) == "filter_library.Node",
        types="filter_library.Node")
    one("types", lambda r: name_of(r) in ("str", "bytes"),
        types="str,bytes")
    one("not-types", lambda r: not name_of(r).startswith("s"), types="!s*")
    one("no-builtins", lambda r: "." in name_of(r), builtins=0)
    one("builtins-but", lambda r: "." not in name_of(r) and
        name_of(r) != "int", types="*,!*.*,!int")
    one("object-files", lambda r: file_of(whole[0], r["stack"]).endswith(
        "_library.py"), by_address=True, files="*_library.py")


def main():
    write("filter_library.py", LIBRARY)
    write("filter_program.py", PROGRAM)
    alloc_filters()
    if sys.version_info >= (3, 13):
        object_filters()
    assert set(ACQUIRES).isdisjoint(RELEASES)
    finish()


main()
