#!/usr/bin/env python3
"""Is what a tracer saw of clock_work.py on one clock with what was recorded?

    clock.py PMT RECORDED LOG TIMES

Converts LOG (a trace is taken as it is), merges it with RECORDED and puts the
events of both streams in the order of their times. Each step must be call,
malloc, mark, free, return, and each must lie between the times that the
program read itself around it. Exit status: 0, or 1 and what is wrong.
"""
import json
import os
import subprocess
import sys
import tempfile

SIZE = 7600000  # of clock_work.py
NATIVE = ("malloc", "free")


def output_of(*args):
    return subprocess.run(args, check=True,
                          stdout=subprocess.PIPE).stdout.decode()


def merge(pmt, folder, recorded, log):
    """The lines of both, and when each stream begins, in ns."""
    if not log.endswith(".pmt"):
        native = os.path.join(folder, "native.pmt")
        output_of(pmt, "dtrace", "convert", "-q", "-o", native, log)
        log = native
    both = os.path.join(folder, "both.pmt")
    output_of(pmt, "merge", "-q", "-o", both, recorded, log)
    output_of(pmt, "check", "-q", both)
    rows = [json.loads(line) for line in
            output_of(pmt, "dump", "--json", "-k", "stream", both).splitlines()]
    starts = {row["stream"][:8]: (row["start"][0], row["pid"], row["boot"])
              for row in rows if row.get("kind") == "stream"}
    text = output_of(pmt, "dump", "-k", "call,alloc,mark", both)
    return text.splitlines(), starts


def events_of(lines, starts):
    """(time, stream, what) of what steps consist of."""
    blocks, events = set(), []
    for line in lines:
        stream, seconds, kind, *rest = line.split("\t")
        whole, fraction = seconds.split(".")
        when = starts[stream][0] + int(whole) * 10**9 + int(fraction)
        if kind == "mark" and "step" in line:
            events.append((when, stream, "mark"))
        elif kind == "call" and any(x.endswith(" step") for x in rest):
            if rest[0] in ("call", "return"):
                events.append((when, stream, rest[0]))
        elif kind == "alloc" and rest[0] == "malloc":
            if SIZE < int(rest[3]) < SIZE + 1000:
                blocks.add(rest[2])
                events.append((when, stream, "malloc"))
        elif kind == "alloc" and rest[0] == "free" and rest[2] in blocks:
            blocks.remove(rest[2])
            events.append((when, stream, "free"))
    return sorted(events, key=lambda event: event[0])


def wrong_in(events, times):
    """What does not hold, as lines; `times` has a row for each step."""
    first = ["call", "mark", "return"]  # of step 0: no tracer was there
    order = ["call", "malloc", "mark", "free", "return"]
    told = [what for _, _, what in events]
    if told != first + order * len(times):
        return ["the order is %s" % " ".join(told)]
    wrong = []
    for i, (t0, t1, t2, t3) in enumerate(times):
        step = events[5 * i + 3:5 * i + 8]
        least = (times[i - 1][3] if i else 0, t0, t1, t2, t3)
        most = (t0, t1, t2, t3,
                times[i + 1][0] if i + 1 < len(times) else 1 << 63)
        for (when, _, what), low, high in zip(step, least, most):
            if not low <= when <= high:
                wrong.append("step %d: %s at %d, not in %d to %d" % (
                    i + 1, what, when, low, high))
    return wrong


def main():
    pmt, recorded, log, path = sys.argv[1:]
    with open(path) as file:
        times = [tuple(map(int, line.split())) for line in file]
    with tempfile.TemporaryDirectory() as folder:
        lines, starts = merge(pmt, folder, recorded, log)
    if len(starts) != 2 or len(set(x[1:] for x in starts.values())) != 1:
        sys.exit("not two streams of one process: %s" % starts)
    events = events_of(lines, starts)
    wrong = wrong_in(events, times)
    native = {e[1] for e in events if e[2] in NATIVE}
    if native & {e[1] for e in events if e[2] not in NATIVE}:
        wrong.append("native and Python events are in one stream")
    if wrong or not times:
        sys.exit("\n".join(wrong[:10]) or "no steps")
    print("%d steps: native and Python events in one order" % len(times))


main()
