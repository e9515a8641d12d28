#!/usr/bin/env python3
"""The time from a recording of a process's memory to a chart of it, against
mprof plot, psrecord --plot and pymemtrace's gnuplot path, for the same data.

    plot.py [--rounds N] [--samples N,N] [--peers PYTHON] [--pymemtrace FOLDER]

PYTHON is an interpreter that has psrecord and memory_profiler with matplotlib
(tests/bench/get-plot-peers); FOLDER has the package pymemtrace. What is not
there is left out. Each is started anew: `pmt plot -c rss` of a trace of
samples, `mprof plot -o` of a file as mprof writes it, pymemtrace's
process.invoke_gnuplot() of a log as it writes it. psrecord can only draw what
it sampled itself: its own monitor() gets the samples from a stand-in for
psutil as fast as it asks. Rounds are interleaved; medians, and from least to
most; wall time and the processor time of all processes. Then pmt's own time,
and gnuplot's for the script that pmt makes.
"""
import argparse
import datetime
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(SOURCE, "spec"))
from generator.encode import Trace  # noqa: E402
from generator.stream import Stream  # noqa: E402

PMT = os.path.join(os.environ.get("PMT_BUILD", os.path.join(SOURCE, "build")),
                   "bin", "pmt")
START = 1700000000
EVERY_MS = 10
CHUNK = 10000

PSRECORD = """
import sys, types
samples = [tuple(map(float, line.split())) for line in open("ps.txt")]
at = iter(range(len(samples) + 1))
class Gone(Exception): pass
class Process:
    def __init__(self, pid): pass
    def status(self):
        self.now = next(at)
        if self.now == len(samples):
            raise Gone
        return "running"
    def cpu_percent(self): return samples[self.now][1]
    def memory_info(self):
        return types.SimpleNamespace(rss=samples[self.now][0], vms=2e9)
sys.modules["psutil"] = types.SimpleNamespace(
    Process=Process, NoSuchProcess=Gone, STATUS_ZOMBIE=1, STATUS_DEAD=2)
import importlib
main = importlib.import_module("psrecord.main")
main.time = types.SimpleNamespace(
    time=lambda clock=iter(range(10 ** 9)): next(clock) * %f, sleep=None)
main.monitor(1, plot="psrecord.png")
""" % (EVERY_MS / 1000)

PYMEMTRACE = """
import sys
sys.path.insert(0, sys.argv[1])
from pymemtrace import process
sys.exit(process.invoke_gnuplot("pymemtrace.log", "gnuplot"))
"""


def samples(count):
    """(ms, resident set, processor time in ns, page faults)"""
    for i in range(count):
        yield (i * EVERY_MS, 50 * 2 ** 20 + i * 400 +
               int(8e6 * (1 + math.sin(i / 90))) // 4096 * 4096,
               i * EVERY_MS * 600000, i * 3)


def write_trace(count):
    trace = Trace()
    stream = Stream(trace, 1, tick_ns=1000000)
    stream.open(process={"pid": 41, "argv": ["python3", "app.py"]},
                start=(0, START * 10 ** 9, 0))
    figures = [["rss", "B", 0], ["cpu_user", "ns", 1],
               ["minor_faults", "", 1]]
    rows = [{"t": ms, "values": {"rss": rss, "cpu_user": cpu,
                                 "minor_faults": faults}}
            for ms, rss, cpu, faults in samples(count)]
    for at in range(0, count, CHUNK):
        stream.sample(figures, rows[at:at + CHUNK])
    stream.end(t=rows[-1]["t"])
    trace.index()
    with open("a.pmt", "wb") as file:
        file.write(trace.data)


def write_logs(count):
    """The same as mprof, psrecord's stand-in and pymemtrace have it."""
    with open("mprofile.dat", "w") as mprof, open("ps.txt", "w") as ps, \
            open("pymemtrace.log", "w") as log:
        mprof.write("CMDLINE python3 app.py\n")
        for ms, rss, cpu, faults in samples(count):
            seconds = START + ms / 1000
            when = datetime.datetime.fromtimestamp(seconds)
            mprof.write("MEM %.6f %.4f\n" % (rss / 2 ** 20, seconds))
            ps.write("%d %f\n" % (rss, 60))
            log.write("%s,%03d - process.py#306 - 41 - (MainThread) - INFO "
                      "- ProcessLoggingThread-JSON %s\n" % (
                          when.strftime("%Y-%m-%d %H:%M:%S"), ms % 1000,
                          json.dumps({
                              "timestamp": when.strftime(
                                  "%Y-%m-%d %H:%M:%S.%f"),
                              "memory_info": {"rss": rss, "vms": 2 * rss,
                                              "pfaults": faults,
                                              "pageins": 0},
                              "cpu_times": {"user": cpu / 1e9, "system": 0.0,
                                            "children_user": 0.0,
                                            "children_system": 0.0},
                              "elapsed_time": ms / 1000 + 0.001,
                              "pid": 41})))


def run(command, product):
    """Wall and processor seconds; None: it made no chart."""
    if product and os.path.exists(product):
        os.unlink(product)
    began = time.monotonic()
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL,
                               stderr=subprocess.PIPE)
    said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = status
    wall = time.monotonic() - began
    if status or (product and not os.path.exists(product)):
        print("  failed: %s\n%s" % (" ".join(command)[:80],
                                    said.decode()[-300:]), file=sys.stderr)
        return None
    return wall, usage.ru_utime + usage.ru_stime


def programs(args):
    """[(name, command, what it makes)]"""
    found = [("pmt plot", [PMT, "plot", "-c", "rss", "-f", "-o", "a.png",
                           "a.pmt"], "a.png"),
             ("pmt plot --terminal", [PMT, "plot", "-c", "rss", "--terminal",
                                      "a.pmt"], None)]
    if args.peers:
        found += [
            ("mprof plot", [args.peers, "-m", "mprof", "plot", "--backend",
                            "Agg", "-o", "mprof.png", "mprofile.dat"],
             "mprof.png"),
            ("psrecord --plot", [args.peers, "-c", PSRECORD],
             "psrecord.png")]
    if args.pymemtrace:
        found.append(("pymemtrace, gnuplot",
                      [args.peers or sys.executable, "-c", PYMEMTRACE,
                       args.pymemtrace], "gnuplot/pymemtrace.log_41.png"))
    return found + [
        ("of pmt plot: reading, the script",
         [PMT, "plot", "-c", "rss", "-f", "--script", "folder", "a.pmt"],
         "folder/chart.plt"),
        ("of pmt plot: gnuplot alone",
         ["sh", "-c", "cd folder && exec gnuplot -d chart.plt"],
         "folder/chart.png")]


def show(values):
    return "%.2f (%.2f to %.2f)" % (statistics.median(values), min(values),
                                    max(values))


def measure(args, count):
    write_trace(count)
    write_logs(count)
    what = programs(args)
    times = {name: [] for name, _, _ in what}
    for _ in range(args.rounds):
        for name, command, product in what:
            times[name].append(run(command, product))
    base = [statistics.median(t[i] for t in times["pmt plot"])
            for i in (0, 1)]
    print("%d samples, %d rounds; the trace has %d bytes, mprof's file %d; "
          "load %.1f" % (count, args.rounds, os.path.getsize("a.pmt"),
                         os.path.getsize("mprofile.dat"), os.getloadavg()[0]))
    print("| | wall s | times pmt plot | processor s | times pmt plot |")
    print("|---|---|---|---|---|")
    for name, _, _ in what:
        if None in times[name]:
            continue
        wall, cpu = ([t[i] for t in times[name]] for i in (0, 1))
        print("| %s | %s | %.2f | %s | %.2f |" % (
            name, show(wall), statistics.median(wall) / base[0], show(cpu),
            statistics.median(cpu) / base[1]))


def main():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--samples", default="10000,300000")
    parser.add_argument("--peers")
    parser.add_argument("--pymemtrace")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for count in map(int, args.samples.split(",")):
            measure(args, count)
        os.chdir("/")


main()
