#!/usr/bin/env python3
"""pmt live --list, --pairs, --survivors and --growth: single blocks, lives and
what lives on are those that a dictionary holds which is filled from `pmt dump`;
every bad argument; outputs that fail."""

import os
import subprocess

import kit

checks = kit.Checks()
kit.scratch()
ALL = ("-n", "1000000", "--json")
PROGRAM = """
import pmtrace

kept, leak = [], []


def load(n):
    for i in range(n):
        kept.append(bytes(500 + i))


def request(i):
    leak.append(bytes(3000 + i % 7))
    return [str(n) for n in range(i % 9)]


load(40)
pmtrace.mark("before")
for i in range(3000):
    request(i)
    if i == 1000:
        pmtrace.mark("warm")
del kept[:7]
load(5)
pmtrace.mark("after")
load(1)
"""


def live(*args, **how):
    return kit.run("live", *args, **how)


def record(path):
    return kit.record(path, PROGRAM)


class Dump:
    """What lives at each moment, by the lines of pmt dump."""

    def __init__(self, trace):
        lines = kit.run("dump", "--json", trace, timeout=120).json()
        self.marks = [(line["time_ns"], line["text"]) for line in lines
                      if line.get("kind") == "mark"]
        self.allocs = [line for line in lines if line.get("kind") == "alloc"]

    def run(self, until):
        """Blocks that live, and those that were, with when they went."""
        live_now, gone = {}, []
        for line in self.allocs:
            if line["time_ns"] > until:
                break
            address = line["address"]
            old = live_now.pop(address, None)
            if old:
                gone.append((old["size"], old["time_ns"], line["time_ns"]))
            if line["op"] in ("malloc", "calloc", "realloc"):
                live_now[address] = line
        return live_now, gone


def check_list(trace, dump, mark):
    until = dict((text, time) for time, text in dump.marks)[mark]
    want, gone = dump.run(until)
    rows = live("--list", *ALL, "%s@mark:%s" % (trace, mark)).json()[1:]
    checks.equal(sorted((r["address"], r["size"], r["time_ns"])
                        for r in rows),
                 sorted((a, w["size"], w["time_ns"])
                        for a, w in want.items()), "--list " + mark)
    sizes = [r["size"] for r in rows]
    checks.equal(sizes, sorted(sizes, reverse=True), "order")
    rows = live("--list", "--sort", "age", "-n", "20", "--json",
                "%s@mark:%s" % (trace, mark)).json()[1:]
    checks.equal([r["time_ns"] for r in rows],
                 sorted(w["time_ns"] for w in want.values())[:20], "oldest")
    rows = live("--pairs", *ALL, "%s@mark:%s" % (trace, mark)).json()[1:]
    checks.equal(sorted((r["size"], r["time_ns"], r["gone_ns"])
                        for r in rows), sorted(gone), "--pairs " + mark)
    checks.true(all(r["age_ns"] == r["gone_ns"] - r["time_ns"]
                    for r in rows), "lives")


def check_site(trace):
    rows = live("--list", *ALL, "--site", "app.py:* load",
                trace + "@mark:after").json()[1:]
    sizes = sorted(r["size"] - 33 for r in rows if r["size"] > 530)
    checks.equal([s for s in sizes if s < 541],
                 sorted([500 + i for i in range(7, 40)] +
                        [500 + i for i in range(5)]), "--site")
    checks.true(all(r["site"].endswith(" load") for r in rows), "site")
    rows = live("--list", *ALL, "--site", "nowhere.py", trace).json()
    checks.equal(len(rows), 1, "no such site")


def check_type():
    """The vector's one object that lives is a collections.OrderedDict."""
    trace = os.path.join(kit.common.SPEC, "vectors", "valid",
                         "every-kind.pmt")
    for glob, count in (("collections.OrderedDict", 1), ("OrderedDict", 1),
                        ("*.OrderedDict", 1), ("Ordered*", 1),
                        ("collections.*", 1), ("Dict", 0),
                        ("collections", 0), ("list", 0)):
        rows = live("--list", "--kind", "object", *ALL, "--type", glob,
                    trace).json()
        checks.equal(sum(row.get("type") == "collections.OrderedDict"
                         for row in rows), count, glob)


def check_survivors(trace, dump):
    until = dict((text, time) for time, text in dump.marks)["after"]
    want, _ = dump.run(until)
    rows = live("--survivors", "--json", trace + "@mark:after").json()
    times = [0] + [time for time, _ in dump.marks]
    checks.equal([r["mark"] for r in rows],
                 [None] + [text for time, text in dump.marks
                           if time <= until], "marks")
    for i, row in enumerate(rows):
        end = times[i + 1] if i + 1 < len(times) else until + 1
        made = [w["size"] for w in want.values()
                if times[i] <= w["time_ns"] < end]
        checks.equal((row["count"], row["bytes"]), (len(made), sum(made)),
                     "survivors of %s" % row["mark"])


def check_growth(trace):
    line = PROGRAM.splitlines().index("    leak.append(bytes(3000 + i % 7))")
    rows = live("--growth", *ALL, trace).json()
    checks.true(rows[0]["exit_ns"] is not None, "the end is not found")
    first = rows[1]
    checks.true(first["verdict"] == "leak" and first["line"] == line + 1 and
                first["count"] == 3001 and
                first["created"] - first["destroyed"] == 3001, first)
    checks.true(first["bytes_per_s"][1] <= first["bytes_per_s"][0] <=
                first["bytes_per_s"][2], first)
    seconds = (first["to_ns"] - first["from_ns"]) / 1e9
    checks.true(0.5 < first["bytes_per_s"][0] * seconds / first["bytes"] < 1.1,
                first)
    checks.true([r["line"] for r in rows[1:] if r["verdict"] == "leak"] ==
                [line + 1], "other leaks")
    data = kit.read(trace)
    # In a pipe the end is known later, so bins are others; not what leaks.
    piped = live("--growth", *ALL, "-", data=data).json()[1:]
    checks.equal([r["name"] for r in piped if r["verdict"] == "leak"],
                 [first["name"]], "standard input")
    checks.equal((piped[0]["count"], piped[0]["bytes"]),
                 (first["count"], first["bytes"]), "standard input: blocks")
    text = live("--growth", trace).text()
    checks.true("1 steady leak\n" in text and "blocks/s" in text, text)
    for view in ("--growth", "--list", "--survivors", "--pairs"):
        done = live(view, "--kind", "object", trace)
        checks.true(done.status == 1 and not done.out, done)


def check_arguments(trace):
    bad = (
        ("--growth", "--list"), ("--pairs", "--survivors"),
        ("--growth", "--snapshot", "warm"), ("--site", "x"), ("--type", "x"),
        ("--sort", "age"), ("--growth", "--sort", "age"),
        ("--list", "--sort", "count"), ("--growth", "--stacks"),
        ("--list", "--by", "site"), ("--pairs", "--by", "type"),
        ("--list", "--type", "x", "--kind", "alloc"),
        ("--growth", "--by", "colour"), ("--growth", "--by", "type", "--kind",
                                         "alloc"),
        ("--growth", "-n", "0"), ("--list", "-n", "x"), ("--grow", "--nothing"),
        ("--sort", "weight"), ("--kind", "words"), ("--site",),
    )
    for args in bad:
        done = live(*args, trace)
        checks.true(done.status == 2 and not done.out and
                    done.err.startswith("pmt-live: ") and
                    len(done.err.splitlines()) == 1, done)
    for args in ((), ("none.pmt",), ("app.py",), (trace + "@pek",),
                 (trace + "@mark:none",)):
        done = live("--growth", *args)
        checks.true(done.status == 2 and not done.out and
                    done.err.startswith("pmt-live: "), done)


def check_outputs(trace):
    for view in ("--growth", "--list", "--pairs", "--survivors"):
        with open("/dev/full", "wb") as full:
            done = live(view, trace, stdout=full)
        checks.true(done.status == 2 and "pmt-live: " in done.err, done)
        shell = subprocess.run("%s live --json -n 100000 %s %s | head -1" %
                               (kit.PMT, view, trace), shell=True,
                               stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE)
        checks.true(shell.stdout.count(b"\n") == 1 and not shell.stderr,
                    shell)


trace = record("a.pmt")
dump = Dump(trace)
for mark in ("before", "warm", "after"):
    check_list(trace, dump, mark)
check_site(trace)
check_type()
check_survivors(trace, dump)
check_growth(trace)
check_arguments(trace)
check_outputs(trace)
checks.finish()
