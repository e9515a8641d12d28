#!/usr/bin/env python3
"""pmt archive: what it writes says the same, by the digest that the
independent reader takes, and by its lines; --verify; the content digest."""

import json
import os
import subprocess
import sys

import kit

checks = kit.Checks()
kit.scratch()
g = kit.generator()
DECODE = os.path.join(kit.common.SPEC, "decode.py")
VALID = os.path.join(kit.common.SPEC, "vectors", "valid")


def decoded(*args):
    done = subprocess.run([sys.executable, DECODE] + list(args),
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return [json.loads(line) for line in done.stdout.splitlines()]


def digests(path):
    """Of each stream, by the independent reader."""
    return sorted((row["stream"], row["digest"])
                  for row in decoded("--digest", path))


def records(path):
    return [row for row in decoded(path) if row.get("kind") in
            ("alloc", "object", "call", "line", "mark", "gc", "loss")]


# Vectors whose parts contradict each other are refused, by the comparison.
ODD = ("cut-to-1-byte", "part-behind-chunks", "part-of-another-header")
for name in ("every-kind", "worked-example", "filtered", "ids", "times",
             "archived", "parts") + ODD:
    path = os.path.join(VALID, name + ".pmt")
    if not os.path.exists(path):
        continue
    mine = [json.loads(line) for line in
            kit.run("info", "--digest", "--json", path).out.splitlines()]
    checks.equal(sorted((row["stream"], row["digest"]) for row in mine),
                 digests(path), name + ": two readers, one digest")
    if os.path.exists("kept.pmt"):
        os.remove("kept.pmt")
    done = kit.run("archive", "-o", "kept.pmt", path)
    checks.equal(done.status, 2 if name in ODD else 0, name + ": status")
    checks.equal(os.path.exists("kept.pmt"), name not in ODD, name + ": file")
    if name in ODD:
        continue
    checks.equal(digests("kept.pmt"), digests(path), name + ": digest")
    checks.equal(kit.run("archive", "--verify", "kept.pmt").status, 0,
                 name + ": verify")

# Many small chunks become few, with the same records.
trace = g.Trace()
s = g.Stream(trace, 1)
s.open()
g.tables(s)
for k in range(40):
    s.call([{"t": 100 * k + i, "class": 1 + i % 3} for i in range(50)])
    s.alloc([dict(row, t=row["t"] - 100 + 100 * k) for row in g.alloc_rows()])
    g.marks(s, "m%d" % k, t=100 * k + 99)
s.end(t=5000)
trace.index()
kit.write("small.pmt", bytes(trace.data))
for count, chunks in ((65536, 1), (500, 4), (7, 286)):
    done = kit.run("archive", "--json", "-f", "-o", "kept.pmt",
                   "--chunk-records", str(count), "small.pmt")
    checks.equal(done.status, 0, done)
    checks.equal(digests("kept.pmt"), digests("small.pmt"),
                 "%d a chunk: digest" % count)
    sort = sorted(map(json.dumps, records("small.pmt")))
    checks.equal(sorted(map(json.dumps, records("kept.pmt"))), sort,
                 "%d a chunk: records" % count)
    info = kit.run("info", "--json", "kept.pmt").json()[0]
    checks.true(info["streams"][0]["kinds"]["call"]["chunks"] >= chunks and
                (count < 65536 or
                 info["streams"][0]["kinds"]["call"]["chunks"] == 1),
                "%d a chunk: chunks" % count)
    checks.equal(kit.run("check", "kept.pmt").status,
                 kit.run("check", "small.pmt").status, "check")

# What is not as it was archived.
checks.equal(kit.run("archive", "--verify", "small.pmt").status, 1,
             "no archive")
for args, what in (
        (("small.pmt",), "no output"), (("-o", "x", "gone"), "No such file"),
        (("-o", "small.pmt", "-f", "small.pmt"), "is the trace itself"),
        (("-o", "x", "-"), "read twice"), ((), "no trace given"),
        (("-o", "x", "a", "b"), "one trace at a time"),
        (("--level", "23", "-o", "x", "small.pmt"), "level"),
        (("--chunk-records", "0", "-o", "x", "small.pmt"), "chunk-records"),
        (("--verify", "-o", "x", "small.pmt"), "leave out -o"),
        (("-o", "/dev/full", "small.pmt"), "No space")):
    done = kit.run("archive", *args)
    checks.true(done.status == 2 and what in done.err and
                done.err.count("\n") == 1 and not os.path.exists("x"), done)

checks.finish()
