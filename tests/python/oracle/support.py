"""What the oracle tests share: building counter.c, reading its log, and what
`pmt live` says."""

import json
import os
import struct
import sysconfig

from recorder_support import PYTHON, run, skip

HERE = os.path.dirname(os.path.abspath(__file__))
OPS = ("free", "malloc", "calloc", "realloc_free", "realloc",
       "realloc_undo", "mark")
DOMAINS = ("raw", "mem", "obj")


def build_counter(folder):
    """Compiles counter.c for this interpreter."""
    include = sysconfig.get_path("include")
    if not os.path.exists(os.path.join(include, "Python.h")):
        skip("this interpreter has no Python.h")
    target = os.path.join(folder, "counter" +
                          sysconfig.get_config_var("EXT_SUFFIX"))
    # A second folder for pyconfig.h: Debian's is a level up.
    result = run([os.environ.get("CC", "cc"), "-std=gnu11", "-O2", "-g",
                  "-Wall", "-Wextra", "-fPIC", "-shared", "-isystem", include,
                  "-isystem", sysconfig.get_path("platinclude"),
                  "-isystem", os.path.dirname(include),
                  os.path.join(HERE, "counter.c"), "-o", target])
    if result.status != 0:
        raise SystemExit("counter.c: " + result.err)


def run_recorded(script, *words, **how):
    """Runs a script of this folder."""
    result = run([PYTHON, os.path.join(HERE, script)] + list(words), **how)
    if result.status != 0 or result.err:
        raise SystemExit("%s: status %s\n%s%s" % (
            script, result.status, result.out[-2000:], result.err[-4000:]))
    return result


class Entry:
    """One call that counter.c saw."""

    __slots__ = ("op", "domain", "address", "size", "thread")

    def key(self):
        """What the trace must say of it."""
        sized = self.op in ("malloc", "calloc", "realloc")
        return (self.op, self.domain, "0x%x" % self.address,
                self.size if sized else None)


def read_log(path):
    """The entries of counter.c's log, in order."""
    form = struct.Struct("=QQIHH")
    entries = []
    with open(path, "rb") as file:
        for row in form.iter_unpack(file.read()):
            entry = Entry()
            entry.address, entry.size, entry.thread = row[:3]
            entry.op = OPS[row[3]]
            entry.domain = DOMAINS[row[4]]
            entries.append(entry)
    return entries


def live(trace, moment, *options):
    """The head and the rows of pmt live --json."""
    result = run(["pmt", "live", "--json", "--top", "1000000"] +
                 list(options) + ["%s@%s" % (trace, moment)])
    if result.status != 0 or result.err:
        raise SystemExit("pmt live: status %s: %s"
                         % (result.status, result.err))
    lines = [json.loads(line) for line in result.out.splitlines()]
    return lines[0], lines[1:]


def built_interpreters():
    """[(version, path)] of all interpreters that the recorder was built for,
    this one among them."""
    built = []
    find = os.path.join(os.environ["PMT_SOURCE"], "tests", "interpreters",
                        "find")
    for python in run([find]).out.split():
        result = run([python, "-c",
                      "import pmtrace, sys; pmtrace._extension();"
                      "print(*sys.version_info[:3])"])
        if result.status == 0:
            built.append((tuple(map(int, result.out.split())), python))
    if not built:
        skip("the recorder was built for no interpreter")
    return built


def recorded_sets(trace, marks):
    """{address: record} of what is live at each mark, by the records of the
    dump."""
    records = trace.of("alloc")
    blocks = {}
    undone = {}
    at = 0
    for mark in marks:
        while at < len(records) and \
                records[at]["time_ns"] <= mark["time_ns"]:
            r = records[at]
            at += 1
            if r["op"] == "realloc_free":
                undone[r["thread"]] = blocks.pop(r["address"], None)
            elif r["op"] == "free":
                blocks.pop(r["address"], None)
            elif r["op"] != "realloc_undo":
                blocks[r["address"]] = r
            elif undone.get(r["thread"]) is not None:
                blocks[r["address"]] = undone[r["thread"]]
        yield dict(blocks)
