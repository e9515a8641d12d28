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
PYTHON = os.environ.get("PMT_CBOR_PYTHON")
if not PYTHON:
    print("no Python with cbor2")
    sys.exit(77)
VALID = os.path.join(kit.common.SPEC, "vectors", "valid")


def decoded(*args):
    done = subprocess.run([PYTHON, kit.DECODE] + list(args),
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

# The digest in the header, where info shows it.
(key, digest), = digests("small.pmt")
text = kit.run("info", "kept.pmt").text()
checks.true("digest " + digest in text and "by pmt archive" in text, text)
checks.true("pmt archive" not in kit.run("info", "small.pmt").text(), "info")


# In pieces: each a trace by itself, all of them what the whole is.
def live_of(rows):
    """Sizes of live blocks by address, from the independent reader's lines."""
    live, pending = {}, {}
    for row in rows:
        if row.get("kind") == "live" and row["of"] == 13:
            live[row["address"]] = row["size"]
        if row.get("kind") != "alloc":
            continue
        at = row["address"]
        if row["op"] == "free":
            live.pop(at, None)
        elif row["op"] == "realloc_free":
            pending[row["thread"]] = at, live.pop(at, None)
        elif row["op"] == "realloc_undo":
            was, size = pending.get(row["thread"], (None, None))
            if was == at and size is not None:
                live[at] = size
        else:
            live[at] = row["size"]
    return live


def pieces(name):
    return sorted(n for n in os.listdir(".") if n.startswith(name + ".")) + \
        [name]


for how, name in (("4600", "size.pmt"), ("1300ns", "time.pmt")):
    done = kit.run("archive", "--split", how, "--json", "-o", name,
                   "small.pmt")
    checks.equal(done.status, 0, done)
    files = pieces(name)
    checks.equal(json.loads(done.err)["pieces"], len(files), how)
    checks.true(2 < len(files) < 9, files)
    checks.equal(kit.run("archive", "--verify", name).status, 0, how)
    order = list(reversed(files))
    checks.equal(kit.run("merge", "-f", "-o", "all.pmt", *order).status, 0,
                 how)
    checks.equal(digests("all.pmt"), digests("small.pmt"),
                 how + ": merged, the digest of the whole")
    with open("cat.pmt", "wb") as out:
        for piece in files:
            with open(piece, "rb") as part:
                out.write(part.read())
    checks.equal(digests("cat.pmt"), digests("small.pmt"), how + ": cat")
    checks.equal(kit.run("info", "--json", name).json()[0]["streams"][0]
                 ["part_last"], len(files) - 1, how)
    got = []
    for i, piece in enumerate(files):
        alone = "alone.pmt"
        with open(piece, "rb") as src, open(alone, "wb") as dst:
            dst.write(src.read())
        checks.equal(kit.run("check", alone).status, 0, piece)
        rows = records(alone)
        got += rows
        header = decoded(alone)[1]
        checks.equal((header["kind"], header["part"]), ("stream", i), piece)
        if i:
            checks.equal(sum(header["before"].get(kind, 0) for kind in
                             ("call", "alloc", "mark")),
                         len(got) - len(rows), piece + ": before")
        # What is live at its end is what is live there in the whole.
        with open("until.pmt", "wb") as out:
            for earlier in files[:i + 1]:
                with open(earlier, "rb") as part:
                    out.write(part.read())
        whole = [row for row in decoded("until.pmt") if row.get("kind") != "live"]
        checks.equal(live_of(decoded(alone)), live_of(whole), piece + ": live")
    checks.equal(sorted(map(json.dumps, got)),
                 sorted(map(json.dumps, records("small.pmt"))), how)
checks.equal(kit.run("archive", "-o", "whole.pmt", "small.pmt").status, 0, "")
done = kit.run("merge", "--json", "-f", "-o", "all.pmt", "whole.pmt",
               *pieces("size.pmt"))
checks.equal((done.status, json.loads(done.err)["cuts_left_out"],
              digests("all.pmt")), (0, 1, digests("small.pmt")), done)

# Nothing in it: one line that says why.
first = bytes(trace.data).index(b"PMTL", 64) - 8
for name, data, why in (
        ("cut.pmt", bytes(trace.data[:1]), "archive: truncated at byte 0\n"),
        ("damaged.pmt", bytes(trace.data[:90]) + b"?" +
         bytes(trace.data[91:first]), "archive: corrupt at byte 72: CRC "
         "of a frame differs from its label's\n"),
        ("newer.pmt", kit.read(os.path.join(
            kit.common.SPEC, "vectors/invalid/major-version-2.pmt")),
         "version 2.3 of the format is newer than this program\n")):
    kit.write(name, data)
    done = kit.run("archive", "-o", "x", name)
    checks.true(done.status == 2 and done.err.count("\n") == 1 and
                done.err.startswith("pmt-archive: " + name) and
                done.err.endswith(why) and not os.path.exists("x"), done)

# What is not as it was archived.
checks.equal(kit.run("archive", "--verify", "small.pmt").status, 1,
             "no archive")
for args, what in (
        (("small.pmt",), "no output"), (("-o", "x", "gone"), "No such file"),
        (("-o", "small.pmt", "-f", "small.pmt"), "is the trace itself"),
        (("-o", "x", "-"), "standard input: "), ((), "no trace given"),
        (("-o", "x", "a", "b"), "one trace at a time"),
        (("--level", "23", "-o", "x", "small.pmt"), "level"),
        (("--chunk-records", "0", "-o", "x", "small.pmt"), "chunk-records"),
        (("--verify", "-o", "x", "small.pmt"), "leave out -o"),
        (("--split", "0", "-o", "x", "small.pmt"), "not be empty"),
        (("--split", "ten", "-o", "x", "small.pmt"), "split"),
        (("--split", "1k", "-o", "-", "small.pmt"), "several files"),
        (("--split", "1k", "-o", "size.pmt", "small.pmt"), "exists"),
        (("--split", "1k", "-o", "/dev/full", "small.pmt"), ""),
        (("-o", "/dev/full", "small.pmt"), "No space")):
    done = kit.run("archive", *args)
    checks.true(done.status == 2 and what in done.err and
                done.err.count("\n") == 1 and not os.path.exists("x"), done)

checks.finish()
