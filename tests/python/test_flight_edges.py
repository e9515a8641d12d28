"""Rings under odd settings: what -v says at the end, limits that are small
for the threads there are, an age alone in an idle process, a size without a
live set."""
# RUN: once
# MODE: alloc

import glob
import json
import os
import re

from recorder_support import PYTHON, Trace, check, equal, finish, path, run, \
    write

PROGRAM = write("edges.py", """\
import glob, json, os, random, sys, threading, time
import pmtrace

how = json.loads(sys.argv[1])

def disk():
    sizes = []
    for name in glob.glob(how["trace"] + "*"):
        try:
            sizes.append(os.stat(name).st_blocks * 512)
        except FileNotFoundError: # a part that was let go
            pass
    return sum(sizes)

def fill(seed, until):
    r = random.Random(seed)
    kept = {}
    while not until():
        for n in range(200):
            kept[r.randrange(200)] = bytes(r.randrange(40, 600))
        time.sleep(0.001)

def make():
    return bytes(7001)

def busy(r):
    if how["threads"] == 0:
        return
    until = lambda: r.stats()["let_go"] >= how["let_go"]
    threads = [threading.Thread(target=fill, args=(n, until))
               for n in range(how["threads"])]
    for t in threads:
        t.start()
    most = 0
    while any(t.is_alive() for t in threads):
        most = max(most, disk())
        time.sleep(0.02)
    print("most", most)

r = pmtrace.Recorder(how["trace"], **how["settings"])
r.start()
kept = [make() for n in range(37)]
busy(r)
r.mark("idle")
time.sleep(how["idle"])
stats = r.stats()
r.mark("last")
r.stop()
print(json.dumps([stats, r.stats(), disk()]))
""")


def ring(what, threads=2, let_go=20000, idle=0, **settings):
    """Runs it; its trace, figures before and after the end, bytes on disk
    after that, and the most of them before."""
    trace = path(what.replace(" ", "-") + ".pmt")
    result = run([PYTHON, PROGRAM, json.dumps(
        {"trace": trace, "threads": threads, "let_go": let_go, "idle": idle,
         "settings": settings})])
    equal((result.status, result.err), (0, ""), what)
    lines = result.out.splitlines()
    before, after, disk = json.loads(lines[-1])
    equal(sum(after["lost"].values()), 0, what + ": lost")
    equal(run(["pmt", "check", "-q", "--strict", trace]).triple(), (0, "", ""),
          what + ": pmt check")
    return (trace, before, after, disk,
            int(lines[0].split()[1]) if threads else 0)


def live(what, trace, count=37):
    result = run(["pmt", "live", "--json", "--by", "function",
                  trace + "@mark:last"])
    rows = [json.loads(line) for line in result.out.splitlines()]
    equal([(row["count"], row["bytes"]) for row in rows[1:]
           if row["function"] == "make"],
          [(count, count * (7001 + bytes().__sizeof__()))] if count else [],
          what + ": what is alive")


def figures():
    """What is told at the end is what is there then."""
    trace, before, after, disk, most = ring("figures", max_size=6 << 20)
    live("figures", trace)
    check(after["disk_bytes"] < before["disk_bytes"],
          "the journal is gone: %r" % after)
    check(disk <= after["disk_bytes"] <= disk + 65536,
          "%d bytes are there: %r" % (disk, after))
    check(most <= (6 << 20) + 65536, "over the limit: %d" % most)

    name = path("verbose.pmt")
    result = run(["pmt", "record", "-v", "--max-size", "4M", "-o", name, "--",
                  PYTHON, "-c", "import random\nfor n in range(400000):\n"
                  "    x = bytes(random.randrange(600, 1000))\n"])
    said = re.search(r"records, (\d+) bytes in (\d+) parts", result.err)
    check(said is not None, result.err)
    there = glob.glob(name + "*")
    equal(int(said.group(2)), len(there), "parts that are there")
    bytes_ = sum(os.stat(one).st_size for one in there)
    check(bytes_ <= int(said.group(1)) <= bytes_ + 65536,
          "%s, and %d are there" % (said.group(0), bytes_))


def small():
    """As little as may be set, with chunks that are long, and with threads
    that have more segments than the journal may take."""
    least = 4 << 20
    for what, settings in (
            ("chunks", {"chunk_records": 65536}),
            ("threads", {"threads": 64, "let_go": 200000, "frames": 2}),
            ("segments", {"threads": 64, "segments": 1024, "frames": 2})):
        trace, before, after, disk, most = ring(what, max_size=least,
                                                **settings)
        live(what, trace)
        check(most <= least + 65536, "%s: %d bytes on disk" % (what, most))
        check(disk <= least, "%s: %d bytes in the end" % (what, disk))


def age():
    """A process that is idle keeps nothing that is too old either."""
    trace, before, after, disk, most = ring(
        "age", threads=0, max_age=1, idle=5)
    live("age", trace)
    check(before["let_go"] > 37, "let go when idle: %r" % before)
    equal(before["parts"], 1, "parts when idle")
    times = [record["time_ns"] for record in Trace(trace).of("alloc")]
    marks = {mark["text"]: mark["time_ns"] for mark in Trace(trace).of("mark")}
    check("idle" not in marks and "last" in marks, "marks: %r" % marks)
    check(all(marks["last"] - at < 1e9 for at in times), "none is too old")


def samples():
    """Nothing is carried over where no kind has a live set."""
    trace, before, after, disk, most = ring(
        "rss", mode="rss", rss_ms=1, max_size=4 << 20, max_age=1, threads=1,
        let_go=300)
    check(after["parts"] > 1 and not after["live_blocks"], repr(after))
    equal([record for record in Trace(trace).of("live_set")], [],
          "live sets where none can be")


def dump():
    """A dump is a whole trace that says that it is one, with and without a
    ring, and tells the same as the trace up to it."""
    program = write("dump.py", """\
import sys, pmtrace
kept = []
with pmtrace.Recorder(sys.argv[1], max_size=int(sys.argv[2])) as r:
    kept = [bytes(700 + n % 50) for n in range(20000)]
    print(r.dump(), r.stats()["records"])
    kept = [bytes(700 + n % 50) for n in range(20000)]
    print(r.dump(), r.stats()["records"])
""")
    for limit in (0, 4 << 20):
        result = run([PYTHON, program, path("dumped-%d.pmt" % limit),
                      str(limit)])
        equal((result.status, result.err), (0, ""), "dump")
        for line in result.out.splitlines():
            name, records = line.split()
            equal(run(["pmt", "check", "-q", "--strict", name]).triple(),
                  (0, "", ""), "pmt check of a dump")
            tree = json.loads(run(["pmt", "info", "--tree", "--json",
                                   name]).out)
            equal([row["ended"] for row in tree["processes"]], ["dump"],
                  "pmt info --tree of a dump")
            text = run(["pmt", "info", name]).out
            check("a copy that was made while its process recorded" in text,
                  text)
            said = run(["pmt", "live", name])
            check("no end" not in said.out + said.err, said.out)
            end = Trace(name).of("end")
            equal([(e["clean"], e["dump"]) for e in end], [(False, True)],
                  "its end")
            whole = name + ".whole"
            result = run(["pmt", "recover", "-v", "-o", whole, name])
            check("was whole" in result.err, result.err)
            equal([e["dump"] for e in Trace(whole).of("end")], [True],
                  "after pmt recover")


figures()
dump()
small()
age()
samples()
finish()
