#!/usr/bin/env python3
"""pmt top: what it says of each vector, and of two processes at their common
peak, is what a count of the records that pmt dump prints says. Bad
arguments are refused; outputs that fail. That it
equals tracemalloc is tests/python/test_top_tracemalloc.py's."""

import collections
import glob
import os
import re
import shutil
import subprocess
import sys

import kit

checks = kit.Checks()
kit.scratch()
ACQUIRE = ("malloc", "calloc", "realloc")
VECTORS = os.path.join(kit.common.SPEC, "vectors", "valid", "*.pmt")


def top(*args, **how):
    return kit.run("top", *args, **how)


def rows(*args):
    done = top("--json", "-n", "1000000", *args)
    checks.equal((done.status, done.err), (0, ""), done)
    lines = done.json()
    return (lines[0], lines[1:]) if lines else ({}, [])


# ---- vectors ----------------------------------------------------------------

def tables(lines):
    found = {}
    for line in lines:
        if line.get("kind") in ("stack", "code"):
            found[line["stream"], line["kind"], line["id"]] = line
    return found


def site(known, line):
    stack = known.get((line["stream"], "stack", line["stack"]))
    code = stack and known.get((line["stream"], "code", stack["code"]))
    return code and (code["file"], stack["line"], code["function"])


def model(lines, within):
    """{site: [allocations, bytes, temporary]}, and blocks' lives in ns."""
    known = tables(lines)
    made = collections.defaultdict(lambda: [0, 0, 0])
    last = collections.defaultdict(list)    # of a thread: its latest blocks
    live, lives = {}, []
    for line in lines:
        if line.get("kind") != "alloc":
            continue
        block = line["stream"], line["address"]
        recent = last[line["stream"], line["thread"]]
        if line["op"] in ACQUIRE:
            row = made[site(known, line)]
            row[0] += 1
            row[1] += line["size"]
            recent.append((line["address"], row))
            del recent[:-within]
            if block in live:       # its end was not seen
                lives.append(line["time_ns"] - live[block])
            live[block] = line["time_ns"]
        elif line["op"] in ("free", "realloc_free"):
            for entry in recent:
                if entry[0] == line["address"]:
                    entry[1][2] += 1
                    recent.remove(entry)
                    recent.insert(0, (None, None))
                    break
            if block in live:
                lives.append(line["time_ns"] - live.pop(block))
    return made, lives


def plain(lines):
    """Is it a trace that the model above is enough for?"""
    kinds = collections.Counter(line.get("kind") for line in lines)
    hooks = [hook for line in lines if line.get("kind") == "stream"
             for hook in line["hooks"] or []]
    streams = [line["stream"] for line in lines
               if line.get("kind") == "stream"]
    return (kinds["alloc"] and not kinds["live"] and not kinds["damage"] and
            not kinds["unreadable"] and len(set(streams)) == len(streams) and
            not any("sampled" in hook for hook in hooks) and
            not any(line.get("op") == "realloc_undo" for line in lines))


def check_vectors():
    used = 0
    for path in sorted(glob.glob(VECTORS)):
        done = kit.run("dump", "--json", path)
        lines = done.json()
        if done.status or done.err or not plain(lines):
            continue
        used += 1
        for within in (1, 3):
            made, lives = model(lines, within)
            head, found = rows("--kind", "alloc", "--show", "allocated,"
                               "temporary,lifetimes", "--temporary",
                               str(within), path)
            checks.equal(head["allocations"],
                         sum(row[0] for row in made.values()), path)
            checks.equal(head["temporary"],
                         sum(row[2] for row in made.values()), path)
            checks.equal(head["ended"], len(lives), path)
            checks.equal(head["lifetime_max_ns"], max(lives, default=0), path)
            got = {(r["file"], r["line"], r["function"]):
                   [r["allocations"], r["allocated"], r["temporary"]]
                   for r in found if r["file"] is not None and
                   r["allocations"]}
            checks.equal(got, {key: row for key, row in made.items()
                               if key and key[0] is not None}, path)
            if lives:
                middle = sorted(lives)[(len(lives) + 1) // 2 - 1]
                checks.true(abs(head["lifetime_p50_ns"] - middle) <=
                            middle / 16 + 1, (path, head, middle))
    checks.true(used >= 3, "%d vectors" % used)


# ---- two processes ------------------------------------------------------------

PROGRAM = """
import sys, time, pmtrace
start, size, hold = float(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])


def hoard(size):
    return [bytes(1000) for _ in range(size)]


pmtrace.mark("before")
time.sleep(start)
kept = hoard(size)
time.sleep(hold)
pmtrace.mark("full")
del kept[10:]
time.sleep(0.6)
kept.append(bytes(1000))
"""


def record(path, *args, mode="alloc"):
    return subprocess.Popen(
        [kit.PMT, "record", "-f", "-o", path, "--mode", mode, "--",
         sys.executable, "app.py"] + list(args), stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT)


def check_together():
    """The sum of both at every instant, from the records."""
    with open("app.py", "w") as file:
        file.write(PROGRAM)
    for process in [record("a.pmt", "0", "3000", "1.2"),
                    record("b.pmt", "0.1", "2000", "0.1")]:
        said = process.communicate(timeout=60)[0]
        if process.returncode:
            kit.common.skip("can't record here: %s" % said[-200:])
    done = kit.run("merge", "-o", "both.pmt", "a.pmt", "b.pmt")
    checks.equal((done.status, done.err), (0, ""), done)
    events = []
    for number, name in enumerate(("a.pmt", "b.pmt")):
        live = {}
        for line in kit.run("dump", "--json", name).json():
            if line.get("kind") == "stream":
                start = line["start"][0]
            elif line.get("kind") == "alloc":
                change = -live.pop(line["address"], 0)
                if line["op"] in ACQUIRE:
                    change += line["size"]
                    live[line["address"]] = line["size"]
                events.append((start + line["time_ns"], change))
    events.sort()
    best = now = 0
    for i, (time, change) in enumerate(events):
        now += change
        if i + 1 == len(events) or events[i + 1][0] > time:
            best = max(best, now)
    head, found = rows("--high-water", "--by", "process", "both.pmt")
    checks.equal(head["bytes"], best, "the common peak")
    checks.equal(len(found), 2, found)
    checks.equal(sum(row["bytes"] for row in found), best, found)
    alone = [rows("--high-water", name)[0]["bytes"]
             for name in ("a.pmt", "b.pmt")]
    checks.true(max(alone) < best <= sum(alone), (alone, best))
    made = rows("--by", "function", "--from", "mark:before",
                "a.pmt@mark:full")[1]
    hoard = [row for row in made if "hoard" in row["name"]]
    checks.true(hoard and hoard[0]["count"] >= 3000, made)


# ---- a replay -----------------------------------------------------------------

def replay(*args):
    """[(head, rows)] of each moment."""
    done = top("--json", "-n", "1000000", "--kind", "alloc", *args)
    checks.equal((done.status, done.err), (0, ""), done)
    tables = []
    for line in done.json():
        if line["row"] == "top":
            tables.append((line, []))
        else:
            tables[-1][1].append(line)
    return tables


def lives_of(path):
    """Of a trace of one process: when it began on the monotonic clock, its last
    record, and each block's (time made, time gone, size, site)."""
    lines = kit.run("dump", "--json", path).json()
    known, live, blocks, last = tables(lines), {}, [], 0
    for line in lines:
        if line.get("kind") == "stream":
            start = line["start"][0]
        if line.get("kind") != "alloc":
            continue
        last = line["time_ns"]
        old = live.pop(line["address"], None)
        if old:
            blocks.append((old[0], last) + old[1:])
        if line["op"] in ACQUIRE:
            live[line["address"]] = (last, line["size"], site(known, line))
    return start, last, blocks + [(old[0], 1 << 62) + old[1:]
                                  for old in live.values()]


def live_at(blocks, ns, since=-1):
    found = collections.defaultdict(lambda: [0, 0])
    for made, gone, size, where in blocks:
        if since < made <= ns < gone:
            found[where][0] += 1
            found[where][1] += size
    return dict(found)


def places(found):
    return {row["file"] and (row["file"], row["line"], row["function"]):
            [row["count"], row["bytes"]] for row in found}


def mark_of(path, name):
    return [line["time_ns"] for line in kit.run("dump", "--json", path).json()
            if line.get("kind") == "mark" and line.get("text") == name][0]


def check_replay():
    """Each moment of a.pmt, from its records alone; then of both processes."""
    start, _, blocks = lives_of("a.pmt")
    first = None
    for how in ([], ["--first"]):
        before = {}
        found = replay("--every", "0.05", "--to", "mark:full", *how, "a.pmt")
        checks.true(len(found) >= 5, "%d moments" % len(found))
        for number, (head, lines) in enumerate(found):
            now = live_at(blocks, head["time_ns"])
            checks.equal(places(lines), now, (how, head))
            checks.equal(head["time_ns"] % 50000000 == 0, not head["last"],
                         head)
            checks.equal([head["count"], head["bytes"]],
                         [sum(row[i] for row in now.values())
                          for i in (0, 1)], head)
            for key, row in zip(places(lines), lines):
                old = before.get(key, [0, 0])
                checks.equal([row["count_diff"], row["bytes_diff"]],
                             [row["count"] - old[0], row["bytes"] - old[1]],
                             (how, key))
            if not how or not number:
                before = now
        checks.equal(found[-1][0]["time_ns"], mark_of("a.pmt", "full"), how)
    since = mark_of("a.pmt", "before")
    for head, lines in replay("--every", "0.07", "--from", "mark:before",
                              "a.pmt@mark:full"):
        checks.equal(places(lines), live_at(blocks, head["time_ns"], since),
                     head)
        checks.true(head["last"] or
                    (head["time_ns"] - since) % 70000000 == 0, head)
    # The last moment is that of the plain table.
    last = replay("--every", "0.4", "a.pmt")[-1]
    plain_head, plain_rows = rows("--kind", "alloc", "--show", "live", "a.pmt")
    checks.equal((last[0]["bytes"], last[0]["time_ns"]),
                 (plain_head["bytes"], plain_head["time_ns"]), last[0])
    checks.equal(sorted(places(last[1]).items(), key=str),
                 sorted(places(plain_rows).items(), key=str), "the last")
    check_replay_of_two()
    text = top("--every", "0.2", "-n", "2", "a.pmt").text()
    checks.true("live at 0.200000 s\n" in text and ", the last moment" in text
                and "(all)" in text, text)


def check_replay_of_two():
    """Of both, each process while it lives. At the end of an interpreter it
    can't be told from the records alone what is left: those moments are not
    looked at."""
    streams = {name: lives_of(name) for name in ("a.pmt", "b.pmt")}
    full = {name: mark_of(name, "full") for name in streams}
    base = min(start for start, _, _ in streams.values())
    looked, alone = 0, 0
    for head, lines in replay("--every", "0.04", "--by", "process",
                              "both.pmt"):
        want = []
        for name, (start, last, blocks) in streams.items():
            ns = head["time_ns"] + base - start
            if full[name] + 500000000 < ns <= last:
                want = None
                break
            live = live_at(blocks, ns) if ns <= last else {}
            if live:
                want.append([sum(row[i] for row in live.values())
                             for i in (0, 1)])
        if want is None:
            continue
        looked += 1
        alone += len(want) == 1
        checks.equal(sorted([row["count"], row["bytes"]] for row in lines),
                     sorted(want), head)
    checks.true(looked >= 8 and alone, "%d moments, %d of one process" % (
        looked, alone))


# ---- the command ------------------------------------------------------------

def check_bad():
    shutil.copy(sorted(glob.glob(VECTORS))[0], "v.pmt")
    for args in (["--by", "nothing"], ["--sort", "size"], ["-n", "0"],
                 ["--by", "type", "--kind", "alloc"],
                 ["--by", "domain", "--kind", "object"],
                 ["--by", "thread", "--cumulative"],
                 ["--kind", "object", "--cumulative"], ["--every-frame"],
                 ["--show", "nothing"], ["--show", ""],
                 ["--temporary", "0"], ["--temporary", "1025"],
                 ["--from", "tomorrow"], ["--to", "pek"], ["--from", ""],
                 ["--to", "mark:absent"], ["--high-water", "--to", "1s"],
                 ["--kind", "snapshot"], ["--unknown"], ["--first"],
                 ["--every", "soon"], ["--every", "0.1s", "--high-water"],
                 ["--every", "1s", "--sort", "peak"]):
        done = top(*(args + ["v.pmt"]))
        checks.true(done.status == 2 and not done.out and
                    done.err.startswith("pmt-top: "), done)
    for args in ([], ["absent.pmt"], ["v.pmt@pek"], ["-", "-"],
                 ["--to", "1s", "v.pmt@end"], ["--high-water", "-"],
                 ["-o", "v.pmt", "a.pmt"]):
        done = top(*args)
        checks.true(done.status == 2 and not done.out and done.err, done)


def check_outputs():
    with open("/dev/full", "wb") as full:
        done = top("a.pmt", stdout=full)
    checks.true(done.status == 2 and "No space" in done.err, done)
    one = subprocess.run("'%s' top -n 100000 --json a.pmt | head -1"
                         % kit.PMT, shell=True, stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE)
    checks.true(one.stdout.count(b"\n") == 1 and not one.stderr, one)
    # In a pipe the exit is known later, so what came behind it is counted as
    # allocated; not what lives.
    piped, wanted = (
        [(row["name"], row["count"], row["bytes"]) for row in rows[1:]
         if row["count"]]
        for rows in (top("-", "--json", "-n", "10000",
                         data=kit.read("a.pmt")).json(),
                     top("a.pmt", "--json", "-n", "10000").json()))
    checks.true(len(wanted) > 3, wanted)
    checks.equal(piped, wanted, "standard input")


check_vectors()
check_together()
check_replay()
check_bad()
check_outputs()
checks.finish()
