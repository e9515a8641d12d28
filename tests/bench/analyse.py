#!/usr/bin/env python3
"""Measures the commands on traces of 10^6, 10^7, 10^8 records.

usage: python3 tests/bench/analyse.py [options]      (-h lists them)

A recording of the example program is made into traces of the sizes asked for
(big.c), whose live sets are the same. Every command reads each of them, round
by round, in turn. The tables have for each size

  ns        processor time, user and system, of all threads, a record; the
            median of the rounds
  M/s       records a second by that, in millions
  wall      median, s
  MiB       most resident memory
  read      bytes read, of those in the file (more than 100 %: read twice)
  flat      ns of the largest trace over ns of the next, and of the smallest

and then merging beside cat, and many files at once. analyse_peers.py has the
peers. The recording and the traces are kept in the build folder.
"""
import argparse
import json
import os
import shutil
import subprocess
import sys

from measured import Bench, load, median, print_table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Tuple

TOP = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
OUT = "out.pmt"


class Case:
    """A command: `args` with {file}, {out}, {quarter}, {late}, {from}, {to}.

    """

    def __init__(self, name, args):
        # type: (str, str) -> None
        self.name = name
        self.args = args.split(";")

    def command(self, bench, given):
        # type: (Bench, Dict[str, str]) -> List[str]
        return bench.pmt(*[a.format(**given) for a in self.args])


CASES = [
    Case("check", "check;-q;{file}"),
    Case("info", "info;{file}"),
    Case("info --all", "info;--all;{file}"),
    Case("info --digest", "info;--digest;{file}"),
    Case("dump", "dump;{file}"),
    Case("dump --json", "dump;--json;{file}"),
    Case("dump, 1 % of the time", "dump;--from;{from};--to;{to};{file}"),
    Case("live", "live;{file}"),
    Case("live @quarter", "live;{file}@{quarter}s"),
    Case("live @peak", "live;{file}@peak"),
    Case("live --by stack", "live;--by;stack;{file}"),
    Case("live --list", "live;--list;{file}"),
    Case("live --growth", "live;--growth;{file}"),
    Case("top", "top;{file}"),
    Case("top, all columns", "top;--show;live,allocated,rate,temporary,"
         "lifetimes,peak;{file}"),
    Case("top --cumulative", "top;--cumulative;{file}"),
    Case("top --high-water", "top;--high-water;{file}"),
    Case("diff of two moments", "diff;{file}@{quarter}s;{file}@{late}s"),
    Case("filter, 1 % of the time", "filter;--from;{from};--to;{to};-f;-o;"
         "{out};{file}"),
    Case("the same, --no-carry", "filter;--no-carry;--from;{from};--to;{to};"
         "-f;-o;{out};{file}"),
    Case("filter --count size", "filter;--count;size >= 550;{file}"),
    Case("filter size", "filter;-f;-o;{out};size >= 550;{file}"),
    Case("filter stack contains", "filter;-f;-o;{out};"
         "stack contains *parse*;{file}"),
    Case("filter lived", "filter;-f;-o;{out};lived < 1ms;{file}"),
    Case("merge", "merge;-f;-o;{out};{file}"),
    Case("recover", "recover;-f;-o;{out};{file}"),
    Case("archive --level 3", "archive;--level;3;-f;-o;{out};{file}"),
    Case("archive", "archive;-f;-o;{out};{file}"),
    Case("archive --verify", "archive;--verify;{kept}"),
    Case("plot live", "plot;-c;live;--json;{file}"),
    Case("plot rate", "plot;-c;rate;--json;{file}"),
    Case("plot sizes", "plot;-c;sizes;--json;{file}"),
    Case("plot ages", "plot;-c;ages;--json;{file}"),
    Case("plot growth", "plot;-c;growth;--json;{file}"),
    Case("plot flow", "plot;-c;flow;--json;{file}"),
    Case("plot diff", "plot;-c;diff;--json;{file}@{quarter}s;{file}@{late}s"),
]


# ---- traces ---------------------------------------------------------------


def record(bench, python):
    # type: (Bench, str) -> str
    script = os.path.join(TOP, "docs", "examples", "weblog", "weblog.py")

    def make(path):
        # type: (str) -> None
        subprocess.run(bench.pmt("record", "-f", "-q", "-o", path, "--mode",
                                 "alloc", "--when-full", "wait", "--", python,
                                 script), check=True,
                       stdout=subprocess.DEVNULL)
    return bench.made("recording.pmt", make)


def big(bench, source, count, name, *options):
    # type: (Bench, str, int, str, str) -> str
    program = os.path.join(bench.build, "tests", "bench", "big")

    def make(path):
        # type: (str) -> None
        subprocess.run([program, "-n", str(count)] + list(options) +
                       [source, path], check=True, stderr=subprocess.DEVNULL)
    return bench.made(name, make)


def given_of(bench, path):
    # type: (Bench, str) -> Dict[str, Any]
    """Names in the arguments of a case, and the file's figures."""
    said = json.loads(subprocess.run(
        bench.pmt("info", "--json", path), check=True,
        stdout=subprocess.PIPE).stdout.decode())
    stream = said["streams"][0]
    seconds = stream["last_ns"] / 1e9
    return {"file": path, "out": bench.path(OUT), "bytes": said["bytes"],
            "records": stream["records"], "quarter": "%.6f" % (seconds / 4),
            "late": "%.6f" % (seconds * 0.75),
            "from": "%.6f" % (seconds * 0.5),
            "to": "%.6f" % (seconds * 0.51)}


# ---- the tables -----------------------------------------------------------


def measure(bench, case, given, jobs, args):
    # type: (Bench, Case, List[Dict[str, Any]], int, argparse.Namespace) -> List[List[Dict[str, Any]]]  # noqa: E501
    """For each trace the runs of the rounds."""
    runs = [[] for _ in given]  # type: List[List[Dict[str, Any]]]
    for turn in range(args.rounds):
        for one, found in zip(given, runs):
            if turn >= args.big_rounds and one["records"] >= 5e7:
                continue
            command = case.command(bench, one)
            command[2:2] = ["--jobs", str(jobs), "-q"]
            found.append(bench.run(command, (0, 1)))
    return runs


def size_name(records):
    # type: (int) -> str
    power = len(str(records)) - 1
    return "10^%d" % power if records == 10 ** power else str(records)


def flat(times):
    # type: (List[float]) -> str
    if len(times) < 2:
        return ""
    if len(times) == 2:
        return "%.2f" % (times[-1] / times[-2])
    return "%.2f, %.2f" % (times[-1] / times[-2], times[-1] / times[0])


def head(given):
    # type: (List[Dict[str, Any]]) -> List[str]
    cells = [""]
    for one in given:
        name = size_name(one["records"])
        cells += [name + ": ns", "M/s", "wall", "MiB", "read"]
    return cells + ["flat"]


def row(case, given, runs):
    # type: (Case, List[Dict[str, Any]], List[List[Dict[str, Any]]]) -> List[str]  # noqa: E501
    cells = [case.name]
    times = []
    for one, found in zip(given, runs):
        cpu = median(found, "cpu")
        times.append(1e9 * cpu / one["records"])
        cells += ["%.1f" % times[-1] if times[-1] >= 1 else "%.2g" % times[-1],
                  "%.1f" % (1e-6 * one["records"] / cpu),
                  "%.3g" % median(found, "wall"),
                  "%.1f" % (median(found, "peak_kib") / 1024),
                  "%.3g %%" % (100 * median(found, "read_bytes") /
                               one["bytes"])]
    return cells + [flat(times)]


def chosen(names):
    # type: (str) -> List[Case]
    """By whole names, or parts of one where no name is that."""
    words = names.split(",") if names else [""]
    whole = {case.name for case in CASES}
    return [case for case in CASES
            if any(word == case.name or
                   (word not in whole and word in case.name)
                   for word in words)]


def sizes_table(bench, args, given, jobs):
    # type: (Bench, argparse.Namespace, List[Dict[str, Any]], int) -> None
    print("== %d of the processors, %d rounds, load %s" % (
        jobs, args.rounds, load()))
    rows = [head(given)]
    for case in chosen(args.only):
        if case.name == "archive --verify":
            keep_archives(bench, given)
        rows.append(row(case, given,
                        measure(bench, case, given, jobs, args)))
        if args.verbose:
            print("  ".join(rows[-1]), file=sys.stderr, flush=True)
    print_table(rows)
    print("load at the end %s" % load(), flush=True)


def keep_archives(bench, given):
    # type: (Bench, List[Dict[str, Any]]) -> None
    for one in given:
        def make(path, source=one["file"]):
            # type: (str, str) -> None
            subprocess.run(bench.pmt("archive", "-q", "--level", "3", "-o",
                                     path, source), check=True)
        one["kept"] = bench.made(
            "archive-%s.pmt" % size_name(one["records"]), make)


# ---- merging --------------------------------------------------------------


def against_cat(bench, args, source, records):
    # type: (Bench, argparse.Namespace, str, int) -> None
    """Four streams into one, and the same files by cat, in turn."""
    parts = [big(bench, source, records // 4,
                 "part-%d-of-%s.pmt" % (i, size_name(records)), "-s",
                 str(100 + i)) for i in range(4)]
    out = bench.path(OUT)
    whole = sum(os.path.getsize(part) for part in parts)
    runs = {"cat": [], "merge": []}  # type: Dict[str, List[Dict[str, Any]]]
    for _ in range(max(args.rounds, 5)):
        runs["cat"].append(bench.run(["cat"] + parts, output=out))
        os.unlink(out)
        runs["merge"].append(bench.run(bench.pmt(
            "merge", "-q", "-o", out, *parts)))
        os.unlink(out)
    rows = [["%s records, %.1f MB, 4 streams" % (size_name(records),
                                                whole / 1e6),
             "cpu, ms", "MB/s", "wall, ms", "MB/s", "MiB", "read"]]
    for name, found in runs.items():
        cpu, wall = median(found, "cpu"), median(found, "wall")
        rows.append([name, "%.1f" % (1e3 * cpu), "%.0f" % (whole / cpu / 1e6),
                     "%.1f" % (1e3 * wall), "%.0f" % (whole / wall / 1e6),
                     "%.1f" % (median(found, "peak_kib") / 1024),
                     "%.1f MB" % (median(found, "read_bytes") / 1e6)])
    rows.append(["speed of cat", "",
                 "%.2f" % (median(runs["cat"], "cpu") /
                           median(runs["merge"], "cpu")), "",
                 "%.2f" % (median(runs["cat"], "wall") /
                           median(runs["merge"], "wall")), "", ""])
    print_table(rows)


def many_files(bench, args, source):
    # type: (Bench, argparse.Namespace, str) -> None
    """1,000 streams of 20,000 records, with 24 descriptors."""
    short = big(bench, source, 40000, "short.pmt", "-c", "20000")
    folder = bench.path("many")
    os.makedirs(folder, exist_ok=True)
    for i in range(args.files):
        big(bench, short, 20000, "many/%04d.pmt" % i, "-c", "10000", "-s",
            str(1000 + i))
    out = bench.path(OUT)
    found = [bench.run(["sh", "-c", 'ulimit -n 24; exec "$@"', "sh"] +
                       bench.pmt("merge", "-q", "-f", "-o", out, folder))
             for _ in range(args.rounds)]
    print("%d files of 20,000 records, %.1f MB, merged with 24 descriptors: "
          "%.2f s of processor time, %.2f s, %.1f MiB" % (
              args.files, os.path.getsize(out) / 1e6, median(found, "cpu"),
              median(found, "wall"), median(found, "peak_kib") / 1024))
    one = bench.run(bench.pmt("check", out))
    print("checked: %.1f MiB; " % (one["peak_kib"] / 1024), end="")
    one = bench.run(bench.pmt("live", "-q", out))
    print("live of all: %.1f MiB" % (one["peak_kib"] / 1024), flush=True)


def main():
    # type: () -> None
    parser = argparse.ArgumentParser(
        description="Measures the commands on big traces.")
    parser.add_argument("--build", default=os.environ.get(
        "PMT_BUILD", os.path.join(TOP, "build")))
    parser.add_argument("--sizes", default="1000000,10000000",
                        help="records, by commas (%(default)s)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--big-rounds", type=int, default=1,
                        help="of traces of 50 million records and more "
                        "(%(default)s)")
    parser.add_argument("--jobs", default="1",
                        help="processors, by commas: a table for each; with 1 "
                        "the commands are held on one (%(default)s)")
    parser.add_argument("--only", default="",
                        help="only commands of these names, or with one of "
                        "these words, by commas")
    parser.add_argument("--parts", default="sizes,merge,files",
                        help="%(default)s")
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("-v", "--verbose", action="store_true",
                        help="print a row on stderr when it is done")
    args = parser.parse_args()
    folder = os.path.join(args.build, "bench", "analyse")
    bench = Bench(args.build, folder, None)
    source = record(bench, args.python)
    sizes = [int(size) for size in args.sizes.split(",")]
    if "sizes" in args.parts:
        given = [given_of(bench, big(bench, source, size, "big-%s.pmt" %
                                     size_name(size))) for size in sizes]
        for jobs in (int(n) for n in args.jobs.split(",")):
            bench.core = max(os.sched_getaffinity(0)) if jobs == 1 else None
            sizes_table(bench, args, given, jobs)
    bench.core = max(os.sched_getaffinity(0))
    if "merge" in args.parts:
        for size in sizes:
            against_cat(bench, args, source, size)
    if "files" in args.parts:
        many_files(bench, args, source)
    if os.path.exists(bench.path(OUT)):
        os.unlink(bench.path(OUT))
    shutil.rmtree(bench.path("report"), ignore_errors=True)


if __name__ == "__main__":
    main()
