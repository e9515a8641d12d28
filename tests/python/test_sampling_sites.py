"""Estimates of live bytes by site: the two limits that `pmt live` gives hold
the truth. The same program is recorded whole, which tells what is alive by
site, and sampled over and over: blocks far larger and far smaller than the
sampling rate, lists and bytearrays that grow, blocks of which half are freed,
zeroed ones, and some made by realloc of what was in the sample.

PMT_SAMPLING_RUNS=100 (make check-sampling) asks for as many samples at each of three rates, and
prints what came of each site; each is to be right in 95 of them."""
# MODE: alloc
# RUN: once

import collections
import json
import os
import subprocess

from recorder_support import check, equal, finish, path, plain, write

RUNS = int(os.environ.get("PMT_SAMPLING_RUNS", "0"))
RATES = (512 << 10, 64 << 10, 4 << 10) if RUNS else (64 << 10,)
CHECKED = RUNS or 25
# Each is right in 99 of 100 on average. That fewer are, is seen in one of
# 2,000 times, and in the short form in one of 40,000.
LEAST = {100: 95, 25: 21}.get(CHECKED, CHECKED * 9 // 10)

PROGRAM = """
import gc, json, os, sys
import pmtrace

class Node:
    def __init__(self, n):
        self.n = n
        self.text = "node %d" % n

def work():
    keep = {}
    keep["one"] = bytes(4 << 20)
    keep["large"] = [bytes(1 << 16) for _ in range(40)]
    keep["middle"] = [bytearray(1000) for _ in range(1500)]
    keep["small"] = [bytes(20) for _ in range(6000)]
    keep["few"] = [bytes(20) for _ in range(60)]
    keep["nodes"] = [Node(n) for n in range(1500)]
    keep["mixed"] = [bytes(n * n % 9000) for n in range(600)]
    grown = keep["grown"] = []
    for n in range(30000):
        grown.append(n + 1000)
    buffers = keep["buffers"] = [bytearray(50) for _ in range(400)]
    for buffer in buffers:
        for n in range(30):
            buffer.extend(b"0123456789abcdef")
    half = [bytes(300) for _ in range(4000)]
    keep["half"] = half[::2]
    del half
    keep["json"] = json.loads(json.dumps({str(n): [n, {"a": n}]
                                          for n in range(1000)}))
    keep["gone"] = [bytes(40) for _ in range(3000)]
    del keep["gone"][1:]
    return keep

work()
prefix, runs, settings = sys.argv[1], int(sys.argv[2]), json.loads(sys.argv[3])
for i in range(runs):
    gc.collect()
    with pmtrace.Recorder("%s%d.pmt" % (prefix, i), mode="alloc", frames=1,
                          level=1, **settings) as recorder:
        keep = work()
        if os.environ.get("FORKS"):
            pid = os.fork()
            if pid == 0:
                os._exit(0)
            os.waitpid(pid, 0)
        recorder.mark("end")
        del keep
"""


def record(prefix, runs, settings, forks=False):
    env = {"PYTHONHASHSEED": "0"}
    if forks:
        env["FORKS"] = "1"
    result = plain(path("sites_program.py"), path(prefix), str(runs),
                   json.dumps(settings), env=env)
    equal(result.triple(), (0, "", ""), "the program with %r" % settings)
    return [path("%s%d.pmt" % (prefix, i)) for i in range(runs)]


def live(trace):
    """What is alive at the mark: all, and {line: row} of the program."""
    out = subprocess.run(["pmt", "live", "--json", "--by", "site", "--top",
                          "100000", trace + "@mark:end"], check=True,
                         stdout=subprocess.PIPE).stdout
    rows = [json.loads(line) for line in out.splitlines()]
    return rows[0], {row["line"]: row for row in rows[1:]
                     if (row["file"] or "").endswith("sites_program.py")}


def is_inside(head, row, truth):
    if row is None:
        return truth <= head["unseen_high"]
    return row["bytes_low"] <= truth <= row["bytes_high"]


def check_rate(truth, whole, rate, forks):
    inside, seen, widths = (collections.Counter() for _ in range(3))
    for trace in record("sampled%d-" % rate, CHECKED, {"sample_bytes": rate},
                        forks):
        head, rows = live(trace)
        check(head["estimated"] and head["sample_bytes"] == rate, head)
        found = [("all", head, whole)]
        found += [(line, rows.get(line), truth[line]) for line in truth]
        for name, row, size in found:
            inside[name] += is_inside(head, row, size)
            if row is not None:
                seen[name] += 1
                widths[name] += row["bytes_high"] - row["bytes_low"]
        os.unlink(trace)
    for name, size in [("all", whole)] + sorted(truth.items()):
        if RUNS:
            print("%7d line %-4s %9d bytes: inside in %d of %d, seen in %d, "
                  "+- %.3f" % (rate, name, size, inside[name], CHECKED,
                               seen[name], widths[name] / 2
                               / max(seen[name] * size, 1)))
        check(inside[name] >= LEAST, "%d, line %s, %d bytes: inside in %d of "
              "%d" % (rate, name, size, inside[name], CHECKED))


def main():
    write("sites_program.py", PROGRAM)
    trace = record("whole", 3, {})[2]
    head, rows = live(trace)
    check(not head["estimated"] and len(rows) > 12, head)
    # The size of a bytes object is known without a recorder.
    sizes = sorted(row["bytes"] for row in rows.values())
    check((4 << 20) + 33 in sizes, "the one block: %r" % sizes)
    truth = {line: row["bytes"] for line, row in rows.items()}
    for rate in RATES:
        check_rate(truth, head["bytes"], rate, rate == 64 << 10)
    finish()


main()
