#!/usr/bin/env python3
# RUN: once
"""pmt dtrace convert: from kept logs to what the other commands tell of them.

Expected values are counted here from the text of the logs.
"""
import json
import os
import re
import subprocess

import kit

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
FIXTURES = os.path.join(TOP, "tests", "dtrace", "fixtures")
EXAMPLES = os.path.join(TOP, "dtrace", "examples")
FLOW = os.path.join(FIXTURES, "pymemtrace-flow_malloc_free.log")
OURS = [os.path.join(EXAMPLES, "malloc.d.txt"),
        os.path.join(EXAMPLES, "malloc.bt.txt")]


def report(done):
    return json.loads(done.err.splitlines()[-1])


def live_of(events):
    """Blocks and bytes at the end, from (what, old, size, block) in order."""
    live = {}
    for _, old, size, block in events:
        live.pop(old, None)
        if block:
            live[block] = size
    return live


def read_flow():
    events = []
    with open(FLOW) as file:
        for line in file:
            m = re.search(r"(malloc|calloc)\(([^)]*)\) pntr 0x(\w+)$", line)
            if m:
                size = 1
                for number in m.group(2).split(", "):
                    size *= int(number)
                events.append((m.group(1), 0, size, int(m.group(3), 16)))
            m = re.search(r" free\(0x(\w+)\)$", line)
            if m:
                events.append(("free", int(m.group(1), 16), 0, 0))
    return events


def read_ours(path):
    events = []
    with open(path) as file:
        for line in file:
            f = line.rstrip("\n").split("\t")
            if len(f) < 5:
                continue
            n = [int(x, 0) for x in f[4:-3]]
            when = int(f[0])
            if f[3] == "free":
                events.append((when, 0, ("free", n[0], 0, 0)))
            elif f[3] == "malloc":
                events.append((when, 1, ("malloc", 0, n[0], n[1])))
            elif f[3] == "calloc":
                events.append((when, 1, ("malloc", 0, n[0] * n[1], n[2])))
            elif f[3] == "memalign":
                events.append((when, 1, ("malloc", 0, n[1], n[2])))
            else:
                events.append((when, 1, ("realloc", n[0], n[1], n[2])))
    return [event for _, _, event in sorted(events, key=lambda e: e[0])]


def check_log(checks, path, events):
    done = kit.run("dtrace", "convert", "--json", "-f", "-o", "x.pmt", path)
    checks.equal(done.status, 0, path)
    told = report(done)
    live = live_of(events)
    checks.equal(told["events"], len(events), path + ": events")
    checks.equal(told["unused"], sum(
        c["count"] for c in told["causes"].values()), path + ": unused")
    checks.equal((told["live_blocks"], told["live_bytes"]),
                 (len(live), sum(live.values())), path + ": live")
    checks.equal(kit.run("check", "-q", "x.pmt").status, 0, "sound")
    text = kit.run("live", "x.pmt").text() if live else ""
    if live:
        checks.true("%s block" % format(len(live), ",") in text, text[:200])
        rows = kit.run("top", "x.pmt")
        checks.equal(rows.status, 0, rows)


def check_ways_in(checks):
    with open(OURS[0], "rb") as file:
        data = file.read()
    piped = kit.run("dtrace", "convert", "-q", "-f", "-o", "p.pmt", "-",
                    data=data)
    checks.equal(piped.status, 0, piped)
    kit.run("dtrace", "convert", "-q", "-f", "-o", "f.pmt", OURS[0])
    dumps = [re.sub('"(stream|uuid|session|parent)":"[^"]*"', "",
                    kit.run("dump", "--json", name).text())
             for name in ("p.pmt", "f.pmt")]
    checks.equal(dumps[0], dumps[1], "pipe and file")
    done = kit.run("diff", "p.pmt", "f.pmt")
    checks.true(done.status == 0, done)
    done = kit.run("merge", "-f", "-o", "m.pmt", "p.pmt", "f.pmt")
    checks.equal(done.status, 0, done)


def check_pymemtrace(checks):
    """What real DTrace printed of its scripts; the lines are counted here."""
    for name in ("flowinfo", "flowinfo_rss", "malloc"):
        path = os.path.join(FIXTURES, "pymemtrace-%s.log" % name)
        with open(path) as file:
            lines = file.read().splitlines()
        calls = sum("-> " in x or "<- " in x for x in lines)
        sizes = [x for x in lines if x.startswith("PS:")]
        done = kit.run("dtrace", "convert", "--json", "-f", "-o", "y.pmt",
                       path)
        told = report(done)
        checks.equal(done.status, 0, done)
        checks.equal((told["events"], told["calls"], told["table_rows"]),
                     (calls, calls, sum("total" in x for x in lines)), name)
        checks.equal(told["unused"], sum(x == "PS: " for x in sizes), name)
        checks.equal(kit.run("check", "-q", "y.pmt").status, 0, name)
        rows = [json.loads(x) for x in
                kit.run("dump", "--json", "y.pmt").text().splitlines()]
        told = [r["rss"] for r in rows if r.get("kind") == "call"
                and r.get("rss")]
        checks.equal(told, [int(x[3:]) * 1024 for x in sizes
                            if x[3:].strip(" 0")], name)


def check_plot(checks):
    kit.run("dtrace", "convert", "-q", "-f", "-o", "p.pmt", OURS[0])
    done = kit.run("plot", "-f", "-o", "p.svg", "p.pmt")
    checks.equal(done.status, 0, done)
    with open("p.svg") as file:
        svg = file.read()
    checks.true("<path" in svg or "<polyline" in svg, "a line is drawn")


def check_words(checks):
    for args, status, words in (
            (["convert", "-o", "n.pmt", "missing.log"], 2, "No such file"),
            (["convert", OURS[0]], 2, "no output given"),
            (["convert", "-o", "n.pmt", "/dev/null"], 1, "no event in it"),
            (["other"], 2, "is not convert, run or scripts"),
            (["scripts", "none.d"], 2, "no script none.d"),
            (["run", "-s", "none", "-o", "n.pmt", "-p", "1"], 2,
             "no script none"),
            (["run", "-o", "n.pmt"], 2, "give -p PID or a program")):
        done = kit.run("dtrace", *args)
        checks.equal(done.status, status, done)
        checks.true(words in done.err, done)
    empty = dict(os.environ, PATH="/nonexistent")
    done = subprocess.run([kit.PMT, "dtrace", "run", "-o", "n.pmt", "-p", "1"],
                          env=empty, stderr=subprocess.PIPE)
    checks.true(b"neither dtrace nor bpftrace is there" in done.stderr,
                done.stderr)
    for name in ("malloc.d", "malloc.bt", "site.inc", "gc.bt"):
        with open(os.path.join(TOP, "dtrace", name), "rb") as file:
            checks.equal(kit.run("dtrace", "scripts", name).out, file.read(),
                         name)


def check_failing_tracer(checks):
    """What is said when dtrace can't begin: DTrace 2.0 needs debugfs."""
    if os.geteuid() != 0:
        return
    os.mkdir("bin")
    with open("bin/dtrace", "w") as file:
        file.write("#!/bin/sh\n"
                   "[ $1 = -V ] && echo 'dtrace: D 2.0.7' && exit 0\n"
                   "exit 1\n")
    os.chmod("bin/dtrace", 0o755)
    environment = dict(os.environ, PATH=os.path.abspath("bin"))
    command = [kit.PMT, "dtrace", "run", "--no-sites", "-o", "n.pmt", "-p",
               str(os.getpid())]
    hide = ["unshare", "-m", "sh", "-c",
            'mount -t tmpfs none /sys/kernel && PATH=$1 && shift && "$@"',
            "sh", environment["PATH"]]
    cases = [(command, environment, os.path.isdir("/sys/kernel/debug/tracing"))]
    if subprocess.run(hide + ["/bin/true"], stderr=subprocess.DEVNULL
                      ).returncode == 0:
        cases.append((hide + command, None, False))
    for command, environment, mounted in cases:
        done = subprocess.run(command, env=environment,
                              stderr=subprocess.PIPE)
        checks.equal(done.returncode, 2, done)
        checks.true(b"dtrace failed and has told nothing" in done.stderr, done)
        checks.equal(b"mount -t debugfs" in done.stderr, not mounted, done)


def check_unused(checks):
    lines = [b"nonsense", b"100\t7\t7\tmalloc\tx\t0x10\t0\t\t",
             b"100\t7\t7\tmalloc\t5\t0x10\t0\t\t", b"nonsense"]
    done = kit.run("dtrace", "convert", "-f", "-o", "u.pmt", "-",
                   data=b"\n".join(lines) + b"\n")
    checks.equal(done.status, 0, done)
    checks.true("2 lines not used, of no script that is known: lines 1, 4"
                in done.err, done)
    checks.true("1 line not used, a field is missing, too many or no number: "
                "line 2" in done.err, done)
    done = kit.run("dtrace", "convert", "--strict", "-q", "-f", "-o", "u.pmt",
                   "-", data=b"\n".join(lines) + b"\n")
    checks.equal(done.status, 1, done)


def main():
    checks = kit.Checks()
    kit.scratch()
    check_log(checks, FLOW, read_flow())
    for path in OURS:
        check_log(checks, path, read_ours(path))
    check_ways_in(checks)
    check_pymemtrace(checks)
    check_plot(checks)
    check_words(checks)
    check_failing_tracer(checks)
    check_unused(checks)
    checks.finish()


main()
