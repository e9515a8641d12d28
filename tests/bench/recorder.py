"""Measures what recording adds to a program.

usage: python3 tests/bench/recorder.py [options]      (-h lists them)

Each measurement is a process of its own (child.py), which imports a program
of workloads/, puts the hooks in, times the program's main(), and takes the
hooks out. All variants (variants.py) of a program are run one after the other,
round by round, so that a change in the speed of the machine meets all of them;
what a variant added is taken against the same round's run without any
recorder, and the median of the rounds is printed. What is very slow runs a
tenth of the program, and is held against that. The interpreter is the one that
runs this file, whose recorder must be built (make PYTHON=...).

Columns:
  wall       median time of main(), in ms
  ratio      wall time against the run without a recorder
  own        the same of processor time of the program's own thread
  cpu        processor time, user and system, of the whole process, from start
             to stop, threads that write included, against main() without
  events     made by main(): as pmtrace counts them in the same mode without
             a filter; for memray as memray counts them; for pymemtrace the
             lines it logs
  thread     processor time added to the program's own thread in main(), ns an
             event: what an event costs where the writer has a core to itself
             and keeps up
  - floor    the same against hooks that return at once
  ns/event   wall time added to main(), an event; waiting for the thread that
             writes, and for other programs, included
  process    processor time that the whole process took more, ns an event
  B/event    bytes of trace, tables included
  MiB        peak resident memory that the process took more
  spread     ns/event of the best and of the worst round
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

import tables
import variants

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List

HERE = os.path.dirname(os.path.abspath(__file__))
WORKLOADS = ("w1_calls", "w2_churn", "w3_lines", "w4_buffers", "w5_graph",
             "w6_service", "r1_compileall", "r2_unittest")


def measure(variant, workload, args):
    # type: (variants.Variant, str, argparse.Namespace) -> Dict[str, Any]
    with tempfile.TemporaryDirectory(prefix="pmt-bench-") as folder:
        spec = {"what": variant.what, "given": variant.settings(workload),
                "core": variant.core, "workload": workload,
                "scale": args.scale * variant.part,
                "trace": os.path.join(folder, "trace"),
                "package": os.path.join(args.build, "python"),
                "peers": args.peers}
        done = subprocess.run(
            [sys.executable, os.path.join(HERE, "child.py"),
             json.dumps(spec)], stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, cwd=folder)
    if done.returncode:
        sys.exit("recorder.py: %s, %s: exit status %d\n%s" % (
            workload, variant.name, done.returncode,
            done.stderr.decode(errors="replace")))
    result = json.loads(done.stdout.decode())  # type: Dict[str, Any]
    return result


def measure_all(chosen, workload, args):
    # type: (List[variants.Variant], str, argparse.Namespace) -> tables.Runs
    runs = {v.name: [] for v in chosen} \
        # type: Dict[str, List[Dict[str, Any]]]
    for _ in range(args.rounds):
        for v in chosen:
            result = measure(v, workload, args)
            runs[v.name].append(result)
            if args.json:
                print(json.dumps(dict(result, workload=workload,
                                      variant=v.name, at=time.time())))
                sys.stdout.flush()
    return runs


def impossible_modes(args):
    # type: (argparse.Namespace) -> List[str]
    sys.path.insert(0, os.path.join(args.build, "python"))
    from pmtrace import _options, _recorder

    needs = {name: need for name, _, need in _recorder.MODES}
    return [name for name in _options.MODES if needs.get(name, "a recorder")]


# ---- the start of an interpreter ------------------------------------------

START = """\
import site, sys, time
sys.path.insert(0, sys.argv[1])
times = []
for i in range(200):
    start = time.perf_counter()
    site.addsitedir(sys.argv[1], set())
    times.append(time.perf_counter() - start)
times.sort()
print(times[100])
"""


def print_start():
    # type: () -> None
    """What the installed .pth file adds to the start of every interpreter:
    the time that site takes to look into a folder with it, and into the same
    folder without."""
    packaging = os.path.join(HERE, "..", "..", "recorder", "packaging")
    differences = []
    for _ in range(5):
        took = []
        for names in ((), ("pmtrace.pth", "pmtrace.start",
                           "_pmtrace_start.py")):
            with tempfile.TemporaryDirectory() as folder:
                for name in names:
                    source = os.path.join(packaging, name)
                    with open(source, "rb") as file:
                        data = file.read()
                    with open(os.path.join(folder, name), "wb") as file:
                        file.write(data)
                took.append(float(subprocess.run(
                    [sys.executable, "-I", "-c", START, folder], check=True,
                    stdout=subprocess.PIPE).stdout))
        differences.append(took[1] - took[0])
    print("\ninstalled, nothing on: %.3f ms more at the start of every "
          "interpreter" % (1e3 * statistics.median(differences)))


# ---- all ------------------------------------------------------------------

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
                        "commas, in their names, and what they need")
    parser.add_argument("--peers", metavar="FOLDER", default="",
                        help="a folder into which this interpreter's memray "
                        "and pymemtrace were installed: measure them too, "
                        "and tracemalloc")
    parser.add_argument("--build", default=os.environ.get(
        "PMT_BUILD", os.path.join(HERE, "..", "..", "build")),
        help="the build folder (%(default)s)")
    parser.add_argument("--summary", action="store_true",
                        help="also tables of variants by workloads, as "
                        "Markdown")
    parser.add_argument("--json", action="store_true",
                        help="one object a line: each run, and each row")
    args = parser.parse_args()
    args.build = os.path.abspath(args.build)
    args.peers = args.peers and os.path.abspath(args.peers)
    return args


def about(args):
    # type: (argparse.Namespace) -> str
    text = "CPython " + sys.version.split()[0]
    if args.peers:
        names = sorted(name for name in os.listdir(args.peers)
                       if name.endswith(".dist-info"))
        text += "".join(", " + name[:-len(".dist-info")].replace("-", " ")
                        for name in names
                        if name.startswith(("memray-", "pymemtrace-")))
    return text + ", scale %g, %d rounds, load %.1f" % (
        args.scale, args.rounds, os.getloadavg()[0])


def main():
    # type: () -> None
    args = parse()
    if not args.json:
        print(about(args))
    chosen = variants.chosen(impossible_modes(args), bool(args.peers),
                             args.only)
    found = {}  # type: Dict[str, List[Dict[str, Any]]]
    for workload in args.workloads.split(","):
        runs = measure_all(chosen, workload, args)
        rows = [tables.figures(v, runs) for v in chosen]
        found[workload] = rows
        if args.json:
            for row in rows:
                print(json.dumps(dict(row, workload=workload)))
        else:
            tables.print_rows(workload, rows)
        sys.stdout.flush()
    if args.json:
        return
    if not args.only:
        print_start()
    if args.summary:
        print("\n" + about(args))
        tables.print_summary(found)


if __name__ == "__main__":
    main()
