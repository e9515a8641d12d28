#!/usr/bin/env python3
"""Measures our commands beside the analysers of memray and pymemtrace, on
recordings of the same programs.

usage: python3 tests/bench/analyse_peers.py --peers FOLDER [options]

FOLDER is what tests/bench/get-peers prints, for the interpreter that runs this
file, whose recorder must be built. Each program is recorded by memray and in
our mode `alloc`, and (a smaller part of it, since that takes long) by
pymemtrace's ReferenceTracing and in our mode `object`. Then the analysers are run round by
round in turn. Printed are events a second, by processor time of the whole
command, its start included, and the ratio of ours to the peer's in the same
round: median, least and greatest. Each counts the events in its own file.

memray's tree is a program for the terminal; here what it shows is made, and
not drawn (TREE).
"""
import argparse
import json
import os
import statistics
import subprocess
import sys

from measured import Bench, load, median, print_table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Tuple

HERE = os.path.dirname(os.path.abspath(__file__))

TREE = """
import sys
from memray import FileReader
from memray.reporters.tree import TreeReporter
reader = FileReader(sys.argv[1])
found = reader.get_high_watermark_allocation_records(merge_threads=False)
TreeReporter.from_snapshot(iter(found), biggest_allocs=200,
                           native_traces=reader.metadata.has_native_traces)
"""

# Programs, and what part of each is recorded: by memray, by pymemtrace.
WORKLOADS = (("w2_churn", 0.2, 0.02), ("w5_graph", 0.5, 0.2))

# The peer's command, and ours that answers the same.
MEMRAY = (
    ("memray stats", ["-m", "memray", "stats", "{peer}"],
     "pmt top", ["top", "{ours}"]),
    ("memray tree", ["-c", TREE, "{peer}"],
     "pmt live @peak --by stack", ["live", "--by", "stack", "{ours}@peak"]),
    ("memray table", ["-m", "memray", "table", "-f", "-o", "{out}", "{peer}"],
     "pmt live @peak", ["live", "{ours}@peak"]),
)
REFERENCES = (
    ("ref_trace_analyse", ["-m", "pymemtrace.util.ref_trace_analyse",
                           "{peer}"],
     "pmt live", ["live", "--kind", "object", "{ours}"]),
    ("ref_trace_analyse", ["-m", "pymemtrace.util.ref_trace_analyse",
                           "{peer}"],
     "pmt live --list", ["live", "--kind", "object", "--list", "{ours}"]),
)


def record(bench, args, what, workload, scale, given):
    # type: (Bench, argparse.Namespace, str, str, float, Dict[str, Any]) -> Tuple[str, int]  # noqa: E501
    """The file, and how many events are in it."""
    path = bench.path("%s-%s" % (workload, what + given.get("mode", "")))
    if os.path.exists(path):
        os.unlink(path)
    spec = {"what": what, "given": given, "core": False, "scale": scale,
            "workload": workload, "trace": path, "peers": args.peers,
            "package": os.path.join(args.build, "python")}
    done = subprocess.run(
        [sys.executable, os.path.join(HERE, "child.py"), json.dumps(spec)],
        check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return path, int(json.loads(done.stdout.decode())["events"])


def compare(bench, args, case, ours, peer):
    # type: (Bench, argparse.Namespace, Any, Tuple[str, int], Tuple[str, int]) -> List[str]  # noqa: E501
    names = {"ours": ours[0], "peer": peer[0], "out": bench.path("out.html")}
    environment = dict(os.environ, PYTHONPATH=args.peers)
    mine, theirs = [], []  # type: List[Dict[str, Any]], List[Dict[str, Any]]
    for _ in range(args.rounds):
        theirs.append(bench.run([sys.executable] + [
            one.replace("{peer}", names["peer"]).replace("{out}", names["out"])
            for one in case[1]], env=environment))
        mine.append(bench.run(bench.pmt(*[
            one.format(**names) for one in case[3]]), (0, 1)))
    ratios = [other["cpu"] / peer[1] / (one["cpu"] / ours[1])
              for one, other in zip(mine, theirs)]
    return [case[0], "%.3f s" % median(theirs, "cpu"),
            "%.3f" % (1e-6 * peer[1] / median(theirs, "cpu")),
            "%.0f" % (median(theirs, "peak_kib") / 1024), case[2],
            "%.3f s" % median(mine, "cpu"),
            "%.1f" % (1e-6 * ours[1] / median(mine, "cpu")),
            "%.0f" % (median(mine, "peak_kib") / 1024),
            "%.1f (%.1f to %.1f)" % (statistics.median(ratios), min(ratios),
                                     max(ratios))]


def main():
    # type: () -> None
    parser = argparse.ArgumentParser(
        description="Measures our commands beside those of peers.")
    parser.add_argument("--build", default=os.environ.get("PMT_BUILD",
                                                          "build"))
    parser.add_argument("--peers", required=True)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    args.build = os.path.abspath(args.build)
    bench = Bench(args.build, os.path.join(args.build, "bench", "peers"),
                  max(os.sched_getaffinity(0)))
    rows = [["", "time", "M/s", "MiB", "ours", "time", "M/s", "MiB",
             "ratio a record"]]
    print("load %s, %d rounds" % (load(), args.rounds))
    for workload, scale, part in WORKLOADS:
        ours = record(bench, args, "record", workload, scale,
                      {"mode": "alloc"})
        peer = record(bench, args, "memray", workload, scale, {})
        rows.append(["%s, %d events and %d" % (workload, peer[1], ours[1])] +
                    [""] * 8)
        rows += [compare(bench, args, case, ours, peer) for case in MEMRAY]
        ours = record(bench, args, "record", workload, part,
                      {"mode": "object"})
        peer = record(bench, args, "pymemtrace", workload, part,
                      {"kind": "ReferenceTracing", "include_builtins": True})
        rows.append(["%s, %d events and %d" % (workload, peer[1], ours[1])] +
                    [""] * 8)
        rows += [compare(bench, args, case, ours, peer)
                 for case in REFERENCES]
    print_table(rows)
    print("load at the end %s" % load())


if __name__ == "__main__":
    main()
