#!/usr/bin/env python3
"""pmt dtrace convert on long logs, and pymemtrace's analyser in the same run.

    dtrace.py [--lines N] [--rounds N] [--peer 'PYTHON FOLDER'] [--peer-lines N]

Logs of N lines (16 million) are made by dtrace-log.py from one of pymemtrace's
and from one of ours. FOLDER has pymemtrace (tests/bench/get-peers); PYTHON runs
it. Time is that of the processor, user and system; memory the most that was
resident. PMT_BUILD names the build.
"""
import argparse
import os
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
BUILD = os.environ.get("PMT_BUILD", os.path.join(TOP, "build"))
LOGS = {
    "pymemtrace": "tests/dtrace/fixtures/pymemtrace-flow_malloc_free.log",
    "ours": "dtrace/examples/malloc.d.txt",
}


def measured(command, **options):
    """Seconds of the processor, MB."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, **options)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = status
    if status:
        sys.exit("%s: status %d" % (command[0], status))
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def lines_in(path):
    count = 0
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            count += block.count(b"\n")
    return count


def make_log(folder, name, lines):
    path = os.path.join(folder, "%s-%d.log" % (name, lines))
    with open(path, "wb") as file:
        subprocess.run([sys.executable, os.path.join(HERE, "dtrace-log.py"),
                        os.path.join(TOP, LOGS[name]), str(lines)],
                       stdout=file, check=True)
    return path


def show(what, lines, runs):
    seconds = sorted(run[0] for run in runs)
    print("%-28s %10d lines  %6.2f s (%.2f to %.2f)  %7.3f million lines/s "
          "(%.3f to %.3f)  %4.0f MB" % (
              what, lines, statistics.median(seconds), seconds[0],
              seconds[-1], lines / statistics.median(seconds) / 1e6,
              lines / seconds[-1] / 1e6, lines / seconds[0] / 1e6,
              max(run[1] for run in runs)), flush=True)
    return lines / statistics.median(seconds)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--lines", type=int, default=16000000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--peer", help="'PYTHON FOLDER'")
    parser.add_argument("--peer-lines", type=int, default=600000)
    options = parser.parse_args()
    folder = os.path.join(BUILD, "bench", "dtrace")
    os.makedirs(folder, exist_ok=True)
    print("load %.1f, %.1f, %.1f" % os.getloadavg())
    speed = {}
    for name in LOGS:
        for lines in (options.lines // 16, options.lines):
            path = make_log(folder, name, lines)
            count = lines_in(path)
            runs = [measured([os.path.join(BUILD, "bin", "pmt"), "dtrace",
                              "convert", "-q", "-f", "-o",
                              os.path.join(folder, "x.pmt"), path])
                    for _ in range(options.rounds)]
            speed[name] = show("pmt, a log of " + name, count, runs)
            os.remove(path)
    os.remove(os.path.join(folder, "x.pmt"))
    if options.peer:
        python, where = options.peer.split()
        path = make_log(folder, "pymemtrace", options.peer_lines)
        runs = [measured([python, "-m", "pymemtrace.util.dtrace_log_analyse",
                          path], env=dict(os.environ, PYTHONPATH=where))]
        peer = show("pymemtrace's analyser", lines_in(path), runs)
        os.remove(path)
        print("ratio %.0f" % (speed["pymemtrace"] / peer))


main()
