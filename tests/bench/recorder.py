"""Measures what recording adds to a program, per event.

usage: python3 tests/bench/recorder.py [options]      (-h lists them)

Each measurement is a process of its own, which imports a program of
workloads/, puts the hooks in, times the program's main(), and takes the hooks
out. All variants of a program are run one after the other, round by round, so
that a change in the speed of the machine meets all of them; what a variant
added is taken against the same round's run without any recorder, and the
median of the rounds is printed. The interpreter is the one that runs this
file, whose recorder must be built (make PYTHON=...).

Columns:
  wall       median time of main(), in ms
  ratio      wall time against the run without a recorder
  events     made by main(): as pmtrace counts them in the same mode; for
             memray, as memray counts them
  ns/event   wall time added to main(), an event; waiting for the thread that
             writes, and for other programs, included
  - floor    the same against hooks that return at once
  thread     processor time added to the program's own thread in main(), an
             event: what an event costs where the writer has a core to itself
             and keeps up
  process    processor time (user and system) that the whole process took
             more, an event: also the thread that writes, and stop()
  B/event    bytes of trace, tables included
  MiB        peak resident memory that the process took more
  spread     ns/event of the best and of the worst round
"""
import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional

HERE = os.path.dirname(os.path.abspath(__file__))
WORKLOADS = ("w1_calls", "w2_churn", "w3_lines", "w5_graph")
ALLOC, OBJECT = 1, 2

# Name, what a child does, of what mode its events are, what it is given, on
# one core.
VARIANTS = (
    ("untraced", "plain", None, {}, False),
    ("alloc hooks, no-op", "floor", "alloc", {"modes": ALLOC}, False),
    ("alloc, no stacks", "record", "alloc",
     {"mode": "alloc", "frames": 0}, False),
    ("alloc, 1 frame", "record", "alloc",
     {"mode": "alloc", "frames": 1}, False),
    ("alloc, 32 frames", "record", "alloc",
     {"mode": "alloc", "frames": 32}, False),
    ("untraced, one core", "plain", None, {}, True),
    ("alloc, 32 frames, one core", "record", "alloc",
     {"mode": "alloc", "frames": 32}, True),
    ("object hook, no-op", "floor", "object", {"modes": OBJECT}, False),
    ("object, no site", "record", "object",
     {"mode": "object", "object_frames": 0}, False),
    ("object, 1 frame", "record", "object",
     {"mode": "object", "object_frames": 1}, False),
    ("tracemalloc, 1 frame", "tracemalloc", "alloc", {"frames": 1}, False),
    ("tracemalloc, 25 frames", "tracemalloc", "alloc", {"frames": 25}, False),
    ("memray, python allocators", "memray", "memray", {}, False),
)
# Whose count of events stands for a mode's.
COUNTS = {"alloc": "alloc, 32 frames", "object": "object, 1 frame",
          "memray": "memray, python allocators"}
FLOORS = {"alloc": "alloc hooks, no-op", "object": "object hook, no-op"}


# ---- in the child ---------------------------------------------------------

def peak_kib():
    # type: () -> int
    """Most resident memory of this program; getrusage() would count what the
    process was before exec."""
    with open("/proc/self/status") as status:
        for line in status:
            if line.startswith("VmHWM:"):
                return int(line.split()[1])
    raise OSError("no VmHWM in /proc/self/status")


def timed(run, scale, result):
    # type: (Any, float, Dict[str, Any]) -> None
    start = time.perf_counter()
    start_thread = time.thread_time()
    run(scale)
    result["thread"] = time.thread_time() - start_thread
    result["wall"] = time.perf_counter() - start


def cpu():
    # type: () -> float
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def run_recorded(given, spec, run, result):
    # type: (Dict[str, Any], Dict[str, Any], Any, Dict[str, Any]) -> None
    import pmtrace

    recorder = pmtrace.Recorder(spec["trace"], when_full="wait", **given)
    recorder.start()
    before = recorder.stats()["records"]
    timed(run, spec["scale"], result)
    after = recorder.stats()
    recorder.stop()
    end = recorder.stats()
    if any(end["lost"].values()) or end["error"]:
        raise RuntimeError("events were lost: %r" % end)
    result["events"] = after["records"] - before
    result["bytes"] = end["trace_bytes"] / max(end["records"], 1)
    result["own_memory"] = after["memory_bytes"]


def run_memray(spec, run, result):
    # type: (Dict[str, Any], Any, Dict[str, Any]) -> None
    import memray

    path = spec["trace"]
    with memray.Tracker(path, trace_python_allocators=True):
        timed(run, spec["scale"], result)
    # What reading takes is not of the recording.
    result["cpu"] = cpu()
    result["peak"] = peak_kib()
    result["events"] = memray.FileReader(path).metadata.total_allocations
    result["bytes"] = os.path.getsize(path) / max(result["events"], 1)


def child(spec):
    # type: (Dict[str, Any]) -> None
    result = {}  # type: Dict[str, Any]
    if spec["one_core"]:
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    sys.path.insert(0, os.path.join(HERE, "workloads"))
    run = __import__(spec["workload"]).main
    what, given = spec["what"], spec["given"]
    if what in ("floor", "record"):
        sys.path.insert(0, spec["package"])
    if what == "record":
        run_recorded(given, spec, run, result)
    elif what == "memray":
        run_memray(spec, run, result)
    else:
        if what == "floor":
            from pmtrace import _recorder

            _recorder._floor(given["modes"])
        if what == "tracemalloc":
            import tracemalloc

            tracemalloc.start(given["frames"])
        timed(run, spec["scale"], result)
    result.setdefault("cpu", cpu())
    result.setdefault("peak", peak_kib())
    print(json.dumps(result))


# ---- measuring --------------------------------------------------------------

def measure(variant, workload, args, python):
    # type: (tuple, str, argparse.Namespace, str) -> Dict[str, Any]
    with tempfile.TemporaryDirectory(prefix="pmt-bench-") as folder:
        spec = {"what": variant[1], "given": variant[3],
                "one_core": variant[4], "workload": workload,
                "scale": args.scale, "trace": os.path.join(folder, "trace"),
                "package": os.path.join(args.build, "python")}
        done = subprocess.run(
            [python, os.path.abspath(__file__), "--child", json.dumps(spec)],
            stdout=subprocess.PIPE, check=True)
    result = json.loads(done.stdout.decode())  # type: Dict[str, Any]
    return result


def chosen_variants(args):
    # type: (argparse.Namespace) -> List[tuple]
    sys.path.insert(0, os.path.join(args.build, "python"))
    from pmtrace import _recorder

    impossible = [name for name, _, needs in _recorder.MODES if needs]
    chosen = []
    for variant in VARIANTS:
        if variant[2] in impossible:
            continue
        if variant[1] == "memray" and not args.peers:
            continue
        if args.only and variant[1] != "plain" and \
                not any(word in variant[0] for word in args.only.split(",")):
            continue
        chosen.append(variant)
    return chosen


def check_peers(python):
    # type: (str) -> str
    """memray's version. Its interpreter must be the one that measures."""
    said = subprocess.run(
        [python, "-c", "import sys, memray; print(sys.version, "
         "memray.__version__, sep='\\0')"],
        stdout=subprocess.PIPE, check=True).stdout.decode().strip()
    version, memray = said.split("\0")
    if version != sys.version:
        sys.exit("recorder.py: %s is another interpreter than this one"
                 % python)
    return memray


# ---- figures ---------------------------------------------------------------

def figures(variant, runs):
    # type: (tuple, Dict[str, List[Dict[str, Any]]]) -> Dict[str, Any]
    """What one variant cost in one workload: medians of its rounds."""
    def added(key, base):
        # type: (str, str) -> List[float]
        return [mine[key] - other[key]
                for mine, other in zip(runs[variant[0]], runs[base])]

    mine = runs[variant[0]]
    base = "untraced, one core" if variant[4] else "untraced"
    row = {"variant": variant[0], "rounds": len(mine),
           "wall_ms": 1e3 * statistics.median(r["wall"] for r in mine),
           "ratio": statistics.median(
               r["wall"] / b["wall"] for r, b in zip(mine, runs[base])),
           "added_mib": statistics.median(added("peak", base)) / 1024}
    counted = runs.get(COUNTS.get(variant[2], variant[0]))
    if not counted or "events" not in counted[0]:
        return row
    if "events" in mine[0]:
        counted = mine
    events = statistics.median(r["events"] for r in counted)
    times = [1e9 * t / events for t in added("wall", base)]
    row.update(events=events, added_ns=statistics.median(times),
               least_ns=min(times), most_ns=max(times))
    for key, name in (("thread", "thread_ns"), ("cpu", "process_ns")):
        row[name] = 1e9 * statistics.median(added(key, base)) / events
    floor = FLOORS.get(variant[2])
    if variant[1] == "record" and floor in runs and not variant[4]:
        row["over_floor_ns"] = 1e9 * statistics.median(
            added("wall", floor)) / events
    if "bytes" in mine[0]:
        row["bytes"] = statistics.median(r["bytes"] for r in mine)
    return row


HEAD = ("", "wall", "ratio", "events", "ns/event", "- floor",
        "thread", "process", "B/event", "MiB", "spread")


def cells(row):
    # type: (Dict[str, Any]) -> List[str]
    def text(key, form):
        # type: (str, str) -> str
        return form % row[key] if key in row else ""

    spread = ""
    if "least_ns" in row:
        spread = "%.0f..%.0f" % (row["least_ns"], row["most_ns"])
    return [row["variant"], text("wall_ms", "%.0f"), text("ratio", "%.2f"),
            text("events", "%.0f"), text("added_ns", "%.1f"),
            text("over_floor_ns", "%.1f"), text("thread_ns", "%.1f"),
            text("process_ns", "%.1f"),
            text("bytes", "%.2f"), text("added_mib", "%.1f"), spread]


def print_table(workload, rows):
    # type: (str, List[Dict[str, Any]]) -> None
    table = [list(HEAD)] + [cells(row) for row in rows]
    table[0][0] = workload
    widths = [max(len(line[i]) for line in table) for i in range(len(HEAD))]
    print()
    for line in table:
        print("  ".join(cell.rjust(width) if i else cell.ljust(width)
                        for i, (cell, width) in enumerate(zip(line, widths)))
              .rstrip())
    sys.stdout.flush()


def parse():
    # type: () -> argparse.Namespace
    first, columns = (__doc__ or "").split("\n", 1)
    parser = argparse.ArgumentParser(
        description=first, epilog=columns[columns.index("Each"):],
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--scale", type=float, default=0.1,
                        help="1: one to two seconds untraced (%(default)s)")
    parser.add_argument("--workloads", default=",".join(WORKLOADS),
                        help="names in workloads/, by commas (%(default)s)")
    parser.add_argument("--only", default="",
                        help="only variants with one of these words, by "
                        "commas, in their names")
    parser.add_argument("--peers", metavar="PYTHON",
                        help="the same interpreter in a virtual environment "
                        "that has memray: measure that too")
    parser.add_argument("--build", default=os.environ.get(
        "PMT_BUILD", os.path.join(HERE, "..", "..", "build")),
        help="the build folder (%(default)s)")
    parser.add_argument("--json", action="store_true",
                        help="one object a line: each row, and each run")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    return parser.parse_args()


def main():
    # type: () -> None
    args = parse()
    if args.child:
        child(json.loads(args.child))
        return
    about = "CPython " + sys.version.split()[0]
    if args.peers:
        about += ", memray " + check_peers(args.peers)
    about += ", scale %g, %d rounds, load %.1f" % (
        (args.scale, args.rounds) + os.getloadavg()[:1])
    if not args.json:
        print(about)
    variants = chosen_variants(args)
    for workload in args.workloads.split(","):
        runs = {v[0]: [] for v in variants} \
            # type: Dict[str, List[Dict[str, Any]]]
        for _ in range(args.rounds):
            for v in variants:
                python = args.peers if v[1] == "memray" else sys.executable
                runs[v[0]].append(measure(v, workload, args, python))
        rows = [figures(v, runs) for v in variants]
        if not args.json:
            print_table(workload, rows)
            continue
        for row in rows:
            print(json.dumps(dict(row, about=about, workload=workload,
                                  runs=runs[row["variant"]])))


if __name__ == "__main__":
    main()
