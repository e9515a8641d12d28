#!/usr/bin/env python3
"""pmt filter: every bad argument, outputs that fail; how much of a large trace a small window touches. What it keeps is
test-filter-laws.py's."""

import os
import re
import subprocess

import kit

checks = kit.Checks()
kit.scratch()
PROGRAM = """
import sys, time, pmtrace

kept = []


def make(i):
    return bytes(500 + i % 100)


def handler(i):
    kept.append(make(i))
    kept.append({i: i})
    del kept[:-20]


for i in range(int(sys.argv[1])):
    handler(i)
    if i % 1000 == 0:
        pmtrace.mark("warm")
"""


def filter_(*args, **how):
    return kit.run("filter", *args, **how)


def record(path, count, mode):
    return kit.record(path, PROGRAM, count, mode=mode)


# ---- arguments ---------------------------------------------------------------

def check_arguments(trace):
    bad = (
        (), ("none.pmt",), ("type == dict", "none.pmt"), ("app.py",), (".",),
        (trace, trace), ("typ == dict", trace), ("type ==", trace),
        ("(type == dict", trace), ("type < dict", trace), ("", trace),
        ("size > many", trace), ("time < 3s or size > 1", trace),
        ("alive at mark:none", trace), ("alive at noon", trace),
        ("--from", "noon", trace), ("--from", "mark:none", trace),
        ("--from", "mark:", trace), ("--to", "", trace), ("--to", "-1s", trace),
        ("--from", "wall:yesterday", trace), ("--json", trace),
        ("--no-carry", "lived < 1s", trace),
        ("--nothing", trace), ("-o", "no/such/folder/x", trace),
        ("-o", trace, trace), ("-f", "-o", trace, trace),
        ("-o", "there", trace),
    )
    kit.write("there", b"there")
    before = kit.read(trace)
    for args in bad:
        done = filter_(*args, data=before if "-" in args else b"")
        checks.true(done.status == 2 and not done.out and
                    done.err.startswith("pmt-filter: ") and
                    len(done.err.splitlines()) == 1, done)
    checks.true(kit.read(trace) == before, "the trace is as it was")
    checks.equal(kit.read("there"), b"there", "nothing is overwritten")
    done = filter_("size = 1k and typ = x", trace)
    checks.true("column 15: no field \"typ\"" in done.err, done)
    done = filter_("text == nobody", trace)
    checks.true(done.status == 1 and done.err.startswith(
        "pmt-filter: warning: %s: no record is kept" % trace), done)
    for option in "-q", "--count":
        done = filter_(option, "text == nobody", trace)
        checks.true(done.status == 1 and not done.err, done)


# ---- outputs -----------------------------------------------------------------

def check_outputs(trace):
    for args in ([], ["--count"], ["kind == mark"], ["type == x"]):
        with open("/dev/full", "wb") as full:
            done = filter_(*args, trace, stdout=full)
        checks.true(done.status == 2 and done.err.startswith("pmt-filter: "),
                    done)
    for args in ("--count", "--count --json"):
        shell = subprocess.run("%s filter %s %s | head -1" % (
            kit.PMT, args, trace), shell=True, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)
        checks.true(shell.stdout.count(b"\n") == 1 and not shell.stderr, shell)
    shell = subprocess.run("%s filter %s | head -c 1 | wc -c" % (
        kit.PMT, trace), shell=True, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE)
    checks.true(shell.stdout.split() == [b"1"] and not shell.stderr, shell)
    piped = subprocess.run("%s filter 'size >= 500' - < %s | %s live -" % (
        kit.PMT, trace, kit.PMT), shell=True, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE)
    checks.true(b"blocks" in piped.stdout and not piped.stderr, piped)
    text, lines = filter_("--count", trace), filter_("--count", "--json", trace)
    kinds = lines.json()[0]["kinds"]
    for line in text.lines()[:-1]:
        name, number = line.split()[:2]
        checks.equal(int(number.replace(",", "")), kinds[name], name)
    checks.equal(sum(kinds.values()), lines.json()[0]["records"], "all")
    # Where a window ends, the result ends.
    times = [kit.run("live", "--json", trace + at).json()[0]["time_ns"]
             for at in ("@mark:warm", "@exit")]
    amid = "%.7fs" % (sum(times) / 2e9)
    for limit, moment in (("mark:warm", "@mark:warm"), (amid, "@" + amid)):
        checks.equal(filter_("-f", "-o", "window.pmt", "--to", limit,
                             trace).status, 0, limit)
        ends = [kit.run("live", "--json", "--kind", "alloc", name).json()[0]
                for name in ("window.pmt@end", trace + moment)]
        checks.equal(*[(head["time_ns"], head["count"], head["bytes"])
                       for head in ends], "the end of a window to " + limit)
    data = kit.read(trace)
    cut = kit.write("cut.pmt", data[:len(data) * 2 // 3])
    checks.true(filter_("--count", cut).status == 0, "cut")
    checks.true(filter_("--count", "--strict", cut).status == 2, "--strict")


# ---- windows -----------------------------------------------------------------

def touched(*args):
    """Bytes that `pmt filter ARGS` reads from files, its own program too."""
    words = " ".join("'%s'" % arg for arg in args)
    done = subprocess.run(
        ["sh", "-c", "%s filter %s > out.pmt; cat /proc/$$/io" % (
            kit.PMT, words)], stdout=subprocess.PIPE, check=True)
    return int(re.search(rb"rchar: (\d+)", done.stdout).group(1))


def check_window(trace):
    """1 % of the time in the middle, by the index. Opening takes some windows
    of 256 KiB however large the trace is: what an empty window reads."""
    size = os.path.getsize(trace)
    opening = touched("--from", "end", "kind == gc", trace)
    checks.true(opening < 1 << 20, "opening reads %d bytes" % opening)
    span = max(line["time_ns"] for line in kit.run(
        "dump", "--json", "--kind", "mark", trace).json() if "time_ns" in line)
    low, high = span // 2, span // 2 + span // 100
    window = ["--from", "%dns" % low, "--to", "%dns" % high]
    for args in (window + ["--no-carry"], window + ["kind == call"]):
        bytes_ = touched(*(args + [trace])) - opening
        checks.true(bytes_ <= 0.03 * size, "%s: %d bytes of %d" % (
            args, bytes_, size))
        print("1 %% of %d bytes: %d touched, opening %d" % (
            size, bytes_, opening))
        with open(trace, "rb") as file:
            piped = filter_(*(args + ["-"]), stdin=file)
        checks.true(kit.read("out.pmt") == piped.out, "as from a pipe")
        checks.true(kit.run("check", "out.pmt").status == 0, "check")


trace = record("a.pmt", 3000, "alloc")
check_arguments(trace)
check_outputs(trace)
check_window(record("big.pmt", 400000, "alloc,call"))
checks.finish()
