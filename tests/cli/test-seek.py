#!/usr/bin/env python3
"""What live, top, diff and filter read for a moment: marks by the index, nothing
behind the moment, from the last live set on. They say what they say of the same
trace without an index, which is read from its start, and what a count of the rows
that spec/decode.py reads says; the bytes that they read are counted."""

import collections
import json
import os
import random
import re
import subprocess
import sys

import kit

kit.common.need_libraries()
checks = kit.Checks()
kit.scratch()
g = kit.generator()
SIZES = {"malloc", "calloc", "realloc"}


def without_index(path, name):
    """The same chunks: there is nothing to seek by."""
    data, out, at = kit.read(path), bytearray(), 0
    while at < len(data):
        end = at + 8 + int.from_bytes(data[at + 4:at + 8], "little")
        if data[at:at + 4] == b"\x5b\x2a\x4d\x18":     # a label, and its frame
            end += int.from_bytes(data[at + 8 + 44:at + 8 + 48], "little")
        checks.true(data[at + 1:at + 4] == b"\x2a\x4d\x18", "a frame")
        if data[at] != 0x5C:
            out += data[at:end]
        at = end
    kit.write(name, bytes(out))
    return name


def whole(path):
    """All parts in one file, each with its index."""
    parts = sorted(name for name in os.listdir(".")
                   if re.fullmatch(re.escape(path) + r"\.\d{6,}", name))
    name = "whole-" + path
    kit.write(name, b"".join(kit.read(part) for part in parts + [path]))
    return name


def said(name, *args):
    """Status, output and messages, whatever the trace is called."""
    done = kit.run(*args)
    return (done.status, done.out.replace(name.encode(), b"X").splitlines(),
            done.err.replace(name, "X"))


def same(path, plain, *ways):
    for way in ways:
        got = said(path, *[word.replace("FILE", path) for word in way])
        want = said(plain, *[word.replace("FILE", plain) for word in way])
        checks.equal(got, want, "%s: %s" % (path, way))
        checks.true(got[0] < 2, "%s: %s: %s" % (path, way, got[2]))


def ways_at(a, b):
    return [["live", "--json", "FILE@" + b],
            ["live", "--json", "--quick", "--by", "stack", "FILE@" + b],
            ["live", "--json", "--quick", "FILE@" + a],
            ["live", "--json", "--list", "--sort", "age", "FILE@" + b],
            ["live", "--json", "--survivors", "FILE@" + b],
            ["top", "--json", "--show", "live", "FILE@" + b],
            ["top", "--json", "--from", a, "--to", b, "FILE"],
            ["top", "--json", "--show", "live", "--from", a, "--to", b,
             "FILE"],
            ["top", "--json", "--show", "allocated,peak,lifetimes",
             "FILE@" + b],
            ["top", "--json", "--by", "thread", "--kind", "object",
             "FILE@" + b],
            ["diff", "--json", "FILE@" + a, "FILE@" + b],
            ["diff", "--json", "--by", "file", "--normalise", "per-second",
             "FILE@" + a, "FILE@" + b],
            ["diff", "--json", "FILE@" + a, "FILE@" + b, "FILE@" + b],
            ["filter", "--count", "--json", "--from", a, "--to", b, "FILE"]]


# ---- made traces ------------------------------------------------------------------

def times(path):
    found = [line["time_ns"] for line in decoded(path) if "time_ns" in line]
    return sorted(found)


def decoded(*paths):
    for path in paths:
        done = subprocess.run([sys.executable, kit.DECODE, path],
                              stdout=subprocess.PIPE, check=False)
        yield from map(json.loads, done.stdout.splitlines())


def check_made(count=24):
    os.mkdir("made")
    subprocess.run([kit.MAKER, "1", str(count), "made"], check=True,
                   stdout=subprocess.DEVNULL)
    chance, sets = random.Random(7), 0
    for number, name in enumerate(sorted(os.listdir("made"))):
        path = "made/" + name
        if kit.run("check", "-q", path).status or not times(path):
            continue
        kit.run("merge", "-q", "-f", "-o", "m.pmt", path)
        for old in os.listdir("."):
            if old.startswith("s.pmt"):
                os.remove(old)
        kit.run("archive", "-q", "--level", "1", "--split", "1k", "-o",
                "s.pmt", path)
        ticks = times(path)
        a, b = sorted(chance.choice(ticks) for _ in range(2))
        ways = ways_at("%dns" % a, "%dns" % b)
        ways = [ways[(number * 5 + i) % len(ways)] for i in range(5)]
        same("m.pmt", without_index("m.pmt", "n.pmt"), *ways)
        if os.path.exists("s.pmt"):
            kit.write("t.pmt", kit.read(whole("s.pmt")))
            sets += any(line.get("kind") == "live"
                        for line in decoded("t.pmt"))
            same("t.pmt", without_index("t.pmt", "n.pmt"), *ways)
    checks.true(sets >= 3, "%d traces with live sets" % sets)


# ---- against a count ------------------------------------------------------------------

PROGRAM = """
import pmtrace
import sys


def work(n):
    kept = []
    for i in range(n):
        kept.append([i])
        if len(kept) > 2000:
            kept.clear()
        str(i) * 3


work(int(sys.argv[1]))
pmtrace.mark("early")
work(2000)
pmtrace.mark("late")
work(2000)
pmtrace.mark("later")
work(int(sys.argv[1]))
"""


def record(count, split):
    """app.pmt, and parts.pmt cut into parts. False: can't record here."""
    kit.write("app.py", PROGRAM.encode())
    done = subprocess.run(
        [kit.PMT, "record", "-f", "-q", "-o", "app.pmt", "--mode", "alloc",
         "--when-full", "wait", "--", sys.executable, "app.py", str(count)],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode == 0:
        for old in os.listdir("."):
            if old.startswith("parts.pmt"):
                os.remove(old)
        checks.equal(kit.run("archive", "-q", "--level", "1", "--split", split,
                             "-o", "parts.pmt", "app.pmt").status, 0,
                     "archive")
    return done.returncode == 0


def live_rows(lines, mark):
    """{(file, line, function): [blocks, bytes]} at a mark, by its rows."""
    live, known, until = {}, {}, 1 << 62
    for line in lines:
        if line.get("kind") == "mark" and line["text"] == mark:
            until = line["time_ns"]
    waiting = {}
    for line in lines:
        kind = line.get("kind")
        if kind in ("stack", "code"):
            known[kind, line["id"]] = line
        if kind != "alloc" or line["time_ns"] > until:
            continue
        key = line["address"]
        if line["op"] in SIZES:
            live[key] = line["size"], line["stack"]
        elif line["op"] == "realloc_undo":
            live[key] = waiting[line["thread"]]
        else:
            gone = live.pop(key, None)
            if line["op"] == "realloc_free":
                waiting[line["thread"]] = gone
    found = collections.defaultdict(lambda: [0, 0])
    for size, stack in live.values():
        site = known.get(("stack", stack))
        code = site and known["code", site["code"]]
        row = found[code and (code["file"], site["line"], code["function"])]
        row[0] += 1
        row[1] += size
    return dict(found)


def table(*args):
    done = kit.run(*args)
    checks.equal((done.status, done.err), (0, ""), done)
    return {row["file"] and (row["file"], row["line"], row["function"]):
            [row["count"], row["bytes"]]
            for row in done.json() if row["row"] == "site"}


def touched(*args):
    """Bytes that a command reads."""
    done = subprocess.run(
        ["sh", "-c", '"$@" > out; cat /proc/$$/io', "sh", kit.PMT] +
        list(args), stdout=subprocess.PIPE, check=False)
    return int(re.search(rb"rchar: (\d+)", done.stdout).group(1))


def check_rows():
    lines = list(decoded("app.pmt"))
    for mark in ("early", "later"):
        want = live_rows(lines, mark)
        for way in (["live"], ["live", "--quick"], ["top", "--show", "live"]):
            for name in ("app.pmt", "parts.pmt"):
                checks.equal(table(way[0], "--json", "-n", "100000", "--by",
                                   "site", *way[1:],
                                   "%s@mark:%s" % (name, mark)), want,
                             "%s %s %s" % (way, name, mark))
    plain = without_index("app.pmt", "plain.pmt")
    same("app.pmt", plain, *ways_at("mark:early", "mark:later"))
    parts = whole("parts.pmt")
    plain = without_index(parts, "plain.pmt")
    same(parts, plain, *ways_at("mark:early", "mark:later"))


def check_bytes():
    size = os.path.getsize("app.pmt")
    nothing = touched("info", "app.pmt")
    # By a mark as by time, within what the index takes.
    ns = {line["text"]: "%dns" % line["time_ns"] for line in kit.run(
        "dump", "--json", "--kind", "mark", "app.pmt").json()
        if line.get("kind") == "mark"}
    for way in (["filter", "--no-carry", "-f", "-o", "w.pmt"],
                ["filter", "--count", "kind == mark"]):
        mark, time = (touched(*way, "--from", a, "--to", b, "app.pmt")
                      for a, b in (("mark:early", "mark:later"),
                                   (ns["early"], ns["later"])))
        checks.true(mark - time < size // 100 + 8192,
                    "%s: %d bytes by marks, %d by time, of %d" % (
                        way, mark, time, size))
    # Nothing behind the moment but labels.
    for way in (["live"], ["top"]):
        read = touched(*way, "app.pmt@mark:early") - nothing
        checks.true(read < 0.85 * size, "%s: %d of %d" % (way, read, size))
    # From the last live set on, at several moments: how far a reader reads
    # ahead of what it needs depends on where that lies.
    early = int(ns["early"][:-2])
    moments = ["parts.pmt@%dns" % (early - early * i // 20) for i in range(6)]
    base = sum(touched("live", "--json", m) - nothing for m in moments)
    for way in (["live", "--quick"], ["live", "--list"],
                ["top", "--show", "live"], ["diff", moments[0]]):
        read = sum(touched(*way, m) - nothing for m in moments)
        limit = 1.4 if way[0] == "diff" else 0.7
        checks.true(read < limit * base, "%s: %d, from the start %d" % (
            way, read, base))
        print("%s: %d bytes read, from the start %d, in all %d" % (
            " ".join(way), read, base, 6 * size))


def check_arguments():
    for way in (["--growth"], ["--pairs"], ["--survivors"],
                ["--snapshot", "x"]):
        done = kit.run("live", "--quick", *way, "app.pmt")
        checks.equal((done.status, done.out, len(done.err.splitlines())),
                     (2, b"", 1), done)


check_made()
if record(10000, "10k"):
    check_rows()
    record(120000, "100k")
    check_bytes()
else:
    print("can't record here: made traces only")
check_arguments()
checks.finish()
