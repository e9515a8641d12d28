#!/usr/bin/env python3
"""pmt diff: what changed between two moments is what `pmt live` says of the one
less what it says of the other (test-live.py compares that with a dictionary);
folders of runs, three moments, limits, paths; every bad argument;
outputs that fail."""

import collections
import glob
import json
import os
import re
import shutil
import subprocess

import kit

checks = kit.Checks()
kit.scratch()
BIG = ("-n", "1000000")
PROGRAM = """
import sys, pmtrace

extra, seed = int(sys.argv[1]), int(sys.argv[2])
kept = []


def load(n):
    for i in range(n):
        kept.append(bytes(500 + i))


def forget(n):
    del kept[:n]


def request(i):
    return bytes(3000 + i)


load(40)
pmtrace.mark("warm")
session = [request(i) for i in range(10)]
pmtrace.mark("request")
pmtrace.mark("request")
forget(5)
pmtrace.mark("done")
load(extra)
del session[:7]
pmtrace.mark("last")
"""


def diff(*args, **how):
    return kit.run("diff", *args, **how)


def record(path, extra=0, seed=0, mode="alloc"):
    return kit.record(path, PROGRAM, extra, seed, mode=mode,
                      env=dict(os.environ, PYTHONHASHSEED=str(seed)))


# ---- pmt live is the oracle -------------------------------------------------

def key_of(by, row):
    if by in ("stack", "traceback"):
        return tuple(tuple(sorted(f.items())) for f in row["stack"])
    if by == "site":
        return row["file"], row["line"], row["function"]
    return re.sub(r" #\d+$", "", row["name"]) if by == "type" else row["name"]


def live(kind, by, trace):
    """{key: [count, bytes]}; of the text of names only where these are keys,
    so nothing but sums is taken from `pmt live`. Without a moment both end
    where the interpreter began to."""
    done = kit.run("live", "--json", "--kind", kind, "--by", by, *BIG,
                   *(["--stacks"] if by == "stack" else []), trace)
    found = collections.defaultdict(lambda: [0, 0])
    for row in done.json()[1:] if done.out else ():
        sums = found[key_of(by, row)]
        sums[0] += row["count"]
        sums[1] += row["bytes"]
    return found


def compare(kind, by, a, b):
    before, after = live(kind, by, a), live(kind, by, b)
    want = {}
    for key in set(before) | set(after):
        one, two = before.get(key, (0, 0)), after.get(key, (0, 0))
        if tuple(one) != tuple(two):
            want[key] = (two[0], two[0] - one[0], two[1], two[1] - one[1])
    done = diff("--json", "--kind", kind, "--by", by, *BIG,
                "--no-match-lines", a, b)
    rows = done.json()[1:] if done.out else []
    got = {key_of(by, row): tuple(row[k] for k in (
        "count", "count_diff", "bytes", "bytes_diff")) for row in rows}
    what = "diff --by %s %s %s" % (by, a, b)
    checks.true(len(got) == len(rows), what + ": a row is there twice")
    checks.equal(sorted(got.items(), key=str), sorted(want.items(), key=str),
                 what)
    order = [(abs(r["bytes_diff"]), r["bytes"], abs(r["count_diff"]),
              r["count"]) for r in rows]
    checks.equal(order, sorted(order, reverse=True), what + ": order")
    return len(rows)


KEYS = {"alloc": ("site", "file", "lineno", "function", "module", "stack",
                  "domain", "size", "label"),
        "object": ("type", "site", "file", "function", "stack")}


def check_moments(trace, moments, kinds=("alloc",)):
    seen = 0
    for kind in kinds:
        for by in KEYS[kind]:
            for a, b in zip(moments, moments[1:]):
                seen += compare(kind, by, trace + a, trace + b)
    return seen


def check_vectors():
    seen = 0
    for path in sorted(glob.glob(os.path.join(
            kit.common.SPEC, "vectors", "valid", "*.pmt"))):
        name = os.path.basename(path)
        head = kit.run("live", "--json", path + "@end")
        if head.status or b'"estimated":true' in head.out:
            continue
        if any(json.loads(line).get("kind") == "snapshot"
               for line in head.out.splitlines()[:1]):
            continue
        shutil.copy(path, name)
        for kind in ("alloc", "object"):
            for by in KEYS[kind]:
                seen += compare(kind, by, name + "@0.0000005s", name)
    checks.true(seen > 50, "%d rows" % seen)


# ---- what a person does ------------------------------------------------------

def rows_of(done):
    return done.json()[1:] if done.out else []


def check_laws(trace):
    for by in KEYS["alloc"]:
        for a in (trace, trace + "@mark:warm", trace + "@peak"):
            done = diff("--by", by, "--kind", "alloc", a, a)
            checks.equal((done.status, done.out, done.err), (0, b"", ""),
                         "diff(a, a) %s %s" % (by, a))
    done = diff(trace, trace)
    checks.equal((done.status, done.out), (0, b""), done)


def check_three(trace):
    """What the ten requests left between warm and done: three of them."""
    done = diff("--json", "--by", "function", trace + "@mark:warm",
                trace + "@mark:done", trace + "@mark:last")
    found = {row["function"]: (row["count"], row["bytes"])
             for row in rows_of(done)}
    checks.equal(found.get("request"),
                 (3, sum(3000 + i + 33 for i in (7, 8, 9))), done)
    checks.true("load" not in found, done)
    done = diff(trace + "@mark:warm", trace + "@mark:done",
                trace + "@mark:last")
    checks.true("born between A and B, alive at C" in done.text(), done)
    other = record("other.pmt")
    done = diff(trace, other, other)
    checks.true(done.status == 2 and "in common" in done.err, done)


def check_limits(trace):
    a, b = trace + "@mark:done", trace + "@mark:last"
    grown = sum(533 + i for i in range(30))
    for limit, status in (("0%", 1), ("%dB" % (grown - 1), 1), ("29", 1),
                          ("100000", 0), ("1G", 0), ("5000%", 0)):
        done = diff("--kind", "alloc", "--by", "function", "--fail-over",
                    limit, a, b)
        checks.true(done.status == status, done)
        checks.true(("grew by more than %s:" % limit in done.text()) ==
                    bool(status), done)
    done = diff("--kind", "alloc", "--by", "function", "--fail-over",
                "%dB" % (grown - 1), a, b)
    checks.true(re.search(r"^  \+[\d,]+ bytes \(\+\S+ KiB of \S+ KiB allowed\)"
                          r"  load", done.text(), re.M), done)
    done = diff("--json", "--by", "function", "--fail-over", "29", a, b)
    over = [row["function"] for row in rows_of(done) if row["over"]]
    checks.equal(over, ["load"], done)
    done = diff("--fail-over", "0%", a, a)
    checks.equal((done.status, done.out), (0, b""), done)


def check_paths(trace):
    """The same program in another folder."""
    os.makedirs("elsewhere", exist_ok=True)
    here = os.getcwd()
    os.chdir("elsewhere")
    record("../moved.pmt")
    os.chdir(here)
    with open("app.py") as file:
        text = file.read()
    args = ("--kind", "alloc", "--json", "--by", "file", "--map",
            "%s/elsewhere=%s" % (here, here))
    done = diff(*args, trace + "@mark:warm", "moved.pmt@mark:warm")
    checks.true("load" in text and not any(
        str(row.get("file")).endswith("app.py") for row in rows_of(done)),
        done)
    done = diff(*args[:-2], trace + "@mark:warm", "moved.pmt@mark:warm")
    checks.equal(sorted(row["file"] for row in rows_of(done)
                        if str(row.get("file")).endswith("app.py")),
                 sorted([here + "/app.py", here + "/elsewhere/app.py"]), done)
    checks.equal(done.err, "", "no --map")
    done = diff(*args[:-1], "elsewhere=.", trace + "@mark:warm",
                "moved.pmt@mark:warm")
    checks.equal(done.err, "pmt-diff: warning: --map elsewhere=.: no file is "
                 "in that folder\n", "a map of no file")


def check_runs():
    """Two folders of three runs; 30 blocks more in each run of one."""
    for folder, extra in (("base", 30), ("now", 60)):
        os.makedirs(folder, exist_ok=True)
        for run in range(3):
            record("%s/%d.pmt" % (folder, run), extra, run)
    shutil.copytree("base", "again")
    at = "@mark:last"
    done = diff("--json", "--kind", "alloc", "--by", "function",
                "--fail-over", "1%", "base" + at, "now" + at)
    checks.equal([row["count_diff"] for row in rows_of(done)
                  if row["over"] and row["function"] == "load"], [30], done)
    checks.true(done.status == 1, done)
    head = done.json()[0]
    checks.equal((head["a"]["runs"], head["b"]["runs"]), (3, 3), done)
    done = diff("--kind", "alloc", "--fail-over", "0%", "base" + at,
                "again" + at)
    checks.equal((done.status, done.out), (0, b""), done)
    done = diff("--json", "--kind", "alloc", "--by", "function", "base" + at,
                "now/[0-2].pmt" + at)
    checks.true(done.json()[0]["b"]["runs"] == 3, done)


def check_exit():
    """Without a moment it is where the interpreter began to end: what a run
    keeps to its end is found, though the interpreter lets go of it then."""
    a, b = record("less.pmt", 30), record("more.pmt", 60)
    done = diff("--json", "--kind", "alloc", "--by", "function",
                "--fail-over", "20", a, b)
    checks.equal([(row["function"], row["count_diff"]) for row in
                  rows_of(done) if row["over"]], [("load", 30)], done)
    head = done.json()[0]
    checks.true(done.status == 1 and head["a"]["exit"] and head["b"]["exit"],
                done)
    done = diff("--json", "--kind", "alloc", "--by", "function",
                a + "@end", b + "@end")
    checks.true(not any(row["function"] == "load" for row in rows_of(done)),
                done)
    done = diff("--kind", "alloc", a, b)
    checks.equal(done.text().count("where the interpreter began to end"), 2,
                 done)


def check_normalise(trace):
    a, b = trace + "@mark:done", trace + "@mark:last"
    plain = {row["function"]: row for row in rows_of(diff(
        "--json", "--by", "function", "--kind", "alloc", a, b))}
    halved = {row["function"]: row for row in rows_of(diff(
        "--json", "--by", "function", "--kind", "alloc", "--normalise",
        "per-mark:request", a, b))}
    checks.true(plain, "rows")
    for name, row in plain.items():
        checks.equal(halved[name]["bytes_diff"] * 2, row["bytes_diff"], name)
    calls = record("calls.pmt", 30, mode="alloc,call")
    per = {row["function"]: row for row in rows_of(diff(
        "--json", "--by", "function", "--kind", "alloc", "--normalise",
        "per-call:request", calls + "@mark:done", calls + "@mark:last"))}
    checks.equal(per["load"]["count_diff"], 30 / 10, "per call")
    done = diff("--normalise", "per-second", "--kind", "alloc", a, b)
    checks.true(done.status == 0 and "all per second" in done.text(), done)
    for how in ("per-mark:none", "per-call:none"):
        done = diff("--normalise", how, a, b)
        checks.true(done.status == 2 and "to divide by" in done.err, done)


# ---- arguments, outputs -----------------------------------------------------

def check_arguments(trace):
    bad = (
        (), (trace,), (trace,) * 4, ("-", "-"), ("-", trace, trace),
        ("none.pmt", trace), (trace, "none.pmt"), (trace + "@pek", trace),
        (trace + "@mark:none", trace), ("--by", "colour", trace, trace),
        ("--by", "type", "--kind", "alloc", trace, trace),
        ("--by", "domain", "--kind", "object", trace, trace),
        ("--by", "site", "--kind", "heap", trace, trace),
        ("--kind", "heap", trace, trace, trace),
        ("--kind", "words", trace, trace), ("-n", "0", trace, trace),
        ("-n", "x", trace, trace), ("--cumulative", trace, trace),
        ("--cumulative", "--by", "type", trace, trace),
        ("--map", "nothing", trace, trace), ("--map", "=x", trace, trace),
        ("--fail-over", "", trace, trace),
        ("--fail-over", "5 %", trace, trace),
        ("--fail-over", "-1", trace, trace),
        ("--fail-over", "%", trace, trace),
        ("--fail-over", "10Q", trace, trace),
        ("--normalise", "per-day", trace, trace),
        ("--normalise", "per-mark", trace, trace),
        ("--normalise", "per-mark:", trace, trace),
        ("--normalise", "per-call", trace, trace),
        ("--nothing", trace, trace), ("base", "empty"),
        ("base", "base", trace), ("-o", "no/such/folder/x", trace, trace),
        ("app.py", trace),
    )
    os.makedirs("empty", exist_ok=True)
    for args in bad:
        done = diff(*args)
        checks.true(done.status == 2 and not done.out and
                    done.err.startswith("pmt-diff: ") and
                    len(done.err.splitlines()) == 1, done)
    kit.write("calls-only.pmt", kit.read(trace))
    done = diff("--kind", "object", trace, trace)
    checks.true(done.status == 1 and not done.out and
                "no such records" in done.err, done)


def check_outputs(trace):
    a, b = trace + "@mark:warm", trace + "@mark:last"
    with open("/dev/full", "wb") as full:
        done = kit.run("diff", a, b, stdout=full)
    checks.true(done.status == 2 and "pmt-diff: " in done.err, done)
    shell = subprocess.run("%s diff --json --by stack -n 100000 %s %s | "
                           "head -1" % (kit.PMT, a, b), shell=True,
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    checks.true(shell.stdout.count(b"\n") == 1 and not shell.stderr, shell)
    done = diff("-o", "out.txt", a, b)
    checks.true(done.status == 0 and not done.out, done)
    checks.equal(kit.read("out.txt"), diff(a, b).out, "-o")
    checks.true(diff("-o", "out.txt", a, b).status == 2, "no -f")
    checks.true(diff("-f", "-o", "out.txt", a, b).status == 0, "-f")
    data = kit.read(trace)
    done = diff("--kind", "alloc", a, "-", data=data)
    checks.equal(done.out.replace(b"-> -", b""),
                 diff("--kind", "alloc", a, trace).out.replace(
                     b"-> " + trace.encode(), b""), "standard input")
    cut = kit.write("cut.pmt", data[:len(data) * 2 // 3])
    checks.true(diff(cut, trace).status == 0, "cut")
    checks.true(diff("--strict", cut, trace).status == 2, "cut --strict")


trace = record("a.pmt", 30, mode="alloc,heap")
seen = check_moments(trace, ("@mark:warm", "@mark:done", "@mark:last", ""))
checks.true(seen > 30, "%d rows" % seen)
check_vectors()
check_laws(trace)
check_three(trace)
check_limits(trace)
check_paths(trace)
check_runs()
check_exit()
check_normalise(trace)
check_arguments(trace)
check_outputs(trace)
checks.finish()
