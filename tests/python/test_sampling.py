"""Sampled allocations: that estimates are right. A sampled recording is made
over and over in one process; the program's allocations are the same each
time, so its totals are known from an unsampled recording. By the rule of the
trace format each call of size s is recorded with the probability
p = 1 - exp(-max(s, 1) / N), so the sum of 1 / p estimates calls, that of s / p
bytes, and their variance is the sum of (1 - p) / p^2, times s^2 for bytes."""
# MODE: alloc

import json
import math

from recorder_support import (ACQUIRES, RELEASES, Trace, check, equal, finish,
                              inconsistencies, path, plain, write)

N = 20000
RUNS = 100

PROGRAM = """
import json, sys
import pmtrace

def work():
    small = [str(i) * 9 for i in range(1500)]
    large = [bytes(i * 7) for i in range(0, 1500, 5)]
    grown = []
    for i in range(3000):
        grown.append(i)
    large = [bytearray(3000) for _ in range(20)]
    for b in large:
        b.extend(bytes(2000))

work()
prefix, runs, settings = sys.argv[1], int(sys.argv[2]), json.loads(sys.argv[3])
for i in range(runs):
    recorder = pmtrace.Recorder("%s%d.pmt" % (prefix, i), mode="alloc",
                                frames=1, level=1, **settings)
    with recorder:
        recorder.mark("begin")
        work()
        recorder.mark("end")
"""


def record(prefix, runs, settings):
    result = plain(path("sampling_program.py"), path(prefix), str(runs),
                   json.dumps(settings), env={"PYTHONHASHSEED": "0"})
    equal(result.triple(), (0, "", ""), "the program with %r" % settings)
    for i in range(runs):
        yield Trace(path("%s%d.pmt" % (prefix, i)))


def between(trace):
    begin, end = [m["time_ns"] for m in trace.of("mark")]
    return [r for r in trace.of("alloc") if begin < r["time_ns"] <= end]


def estimate(records):
    """(calls, their variance, bytes, their variance)."""
    calls = calls_var = size_sum = size_var = 0.0
    for r in records:
        if r["op"] in ACQUIRES:
            s = r["size"]
            p = -math.expm1(-max(s, 1) / N)
            calls += 1 / p
            calls_var += (1 - p) / p ** 2
            size_sum += s / p
            size_var += s * s * (1 - p) / p ** 2
    return calls, calls_var, size_sum, size_var


def releases_match(trace):
    """Each release is of a block of the sample, and no block is lost: what is
    left at the end was not released."""
    held = set()
    for r in trace.of("alloc"):
        if r["op"] in RELEASES:
            if r["address"] not in held:
                return False
            held.remove(r["address"])
        else:
            held.add(r["address"])
    return not inconsistencies(trace)


def main():
    write("sampling_program.py", PROGRAM)
    whole = list(record("whole", 2, {}))[1]
    true = [r for r in between(whole) if r["op"] in ACQUIRES]
    calls, size = len(true), sum(r["size"] for r in true)
    inside = {"calls": 0, "bytes": 0}
    sums = [0.0, 0.0]
    kept = 0
    for trace in record("sampled", RUNS, {"sample_bytes": N}):
        if not trace.complete() or "alloc:sampled:%d" % N not in \
                trace.stream()["hooks"]:
            check(False, "a sampled trace: %s" % trace.warnings)
        check(releases_match(trace), "releases are those of the sample")
        records = between(trace)
        kept += sum(r["op"] in ACQUIRES for r in records)
        n, n_var, b, b_var = estimate(records)
        inside["calls"] += abs(n - calls) <= 1.96 * math.sqrt(n_var)
        inside["bytes"] += abs(b - size) <= 1.96 * math.sqrt(b_var)
        sums[0] += n
        sums[1] += b
    # How many are kept is itself a sum of independent draws.
    ps = [-math.expm1(-max(r["size"], 1) / N) for r in true]
    mean, deviation = sum(ps), math.sqrt(sum(p * (1 - p) for p in ps))
    print("%d calls, %d bytes; %.1f kept of %.1f expected; means %.0f, %.0f"
          % (calls, size, kept / RUNS, mean, sums[0] / RUNS, sums[1] / RUNS))
    print("inside the 95 %% interval, of %d: %r" % (RUNS, inside))
    check(abs(kept / RUNS - mean) < 4 * deviation / math.sqrt(RUNS),
          "as many are kept as the probabilities say")
    check(abs(sums[1] / RUNS / size - 1) < 0.05, "bytes on average")
    # 95 are expected; fewer than 87 are seen once in some thousand times.
    check(inside["bytes"] >= 87, "estimates of bytes")
    # The normal interval is a rough one where few small blocks are kept.
    check(inside["calls"] >= 70, "estimates of calls")
    finish()


main()
