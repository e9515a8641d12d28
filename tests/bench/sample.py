#!/usr/bin/env python3
"""What a sample costs, and how exact its times are, beside others' tools.

    sample.py [--pmt PMT] [--package FOLDER] [--seconds 10] [--pairs 300]
              [--only cost,exact,pairs]

1. Microseconds of processor time and system calls a sample, for each group of
   figures, of a process of 100 MB that does nothing; psutil for the same
   figures. Processor time is the sampler's own (rusage), over many looks.
2. How late samples are at 10 ms, of a process that is busy: by `pmt sample`, by
   mode sample in the process itself, and by psrecord and mprof where they are
   installed for this interpreter, from the times in what they write.
3. What being sampled at 0.1 s costs the process: pairs of pieces of work of one
   process, with the sampler and while that is stopped.

On a machine with other work run it under `chrt -r 10`: all that it starts
inherits that.
"""

import argparse
import json
import os
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import time

IDLE = "import time; x = bytearray(100 << 20); print('x', flush=True); " \
       "time.sleep(600)"
BUSY = "import time\nend = time.monotonic() + %g\n" \
       "while time.monotonic() < end: sum(range(1000))"
# Does a piece of work for each line it is sent, and says what it took.
WORK = """
import sys, time
for line in sys.stdin:
    begin, x = time.process_time(), 0
    for i in range(1000000):
        x += i * i
    kept = [bytes(100) for _ in range(70000)]
    del kept
    print(time.process_time() - begin, flush=True)
"""
GROUPS = ["memory", "cpu", "status", "io", "files", "net", "pss", "cgroup",
          "maps", "memory,cpu,status"]


def used(who):
    usage = resource.getrusage(who)
    return usage.ru_utime + usage.ru_stime


def sample(opt, *args):
    subprocess.run([opt.pmt, "sample"] + list(args), check=True)


def own(trace, opt):
    lines = [json.loads(line) for line in subprocess.run(
        [opt.pmt, "dump", "--json", "--kind=sample", trace], check=True,
        stdout=subprocess.PIPE).stdout.splitlines()]
    return [line for line in lines if line.get("kind") == "sample" and
            not line.get("pid") and "late" in line["values"]]


def psutil_ways(pid):
    import psutil
    p = psutil.Process(pid)
    return {
        "memory": p.memory_info,
        "cpu": lambda: (p.cpu_times(), p.num_threads(), p.status(),
                        p.nice()),
        "status": lambda: (p.num_ctx_switches(),),
        "io": p.io_counters,
        "files": p.num_fds,
        "net": lambda: p.connections("all"),
        "pss": p.memory_full_info,
        "maps": lambda: p.memory_maps(grouped=True),
        "memory,cpu,status": lambda: (
            p.memory_info(), p.cpu_times(), p.num_threads(), p.status(),
            p.nice(), p.num_ctx_switches()),
    }


def cost_of_samples(opt, folder):
    target = subprocess.Popen([sys.executable, "-c", IDLE],
                              stdout=subprocess.PIPE)
    target.stdout.readline()
    try:
        ways = psutil_ways(target.pid)
    except ImportError:
        ways = {}
    trace = os.path.join(folder, "cost.pmt")
    for group in GROUPS:
        seconds = {"pss": 4, "maps": 4}.get(group, 2)
        before = used(resource.RUSAGE_CHILDREN)
        sample(opt, "-i", "1ms", "--duration", "%gs" % seconds, "-g", group,
               "-q", "-f", "-o", trace, "-p", str(target.pid))
        spent = used(resource.RUSAGE_CHILDREN) - before
        looks = sorted(s["values"]["look"] for s in own(trace, opt))
        text = "%-18s pmt sample %7.1f us (a look %7.1f us)" % (
            group, spent / len(looks) * 1e6, statistics.median(looks) / 1e3)
        if group in ways:
            n, begun = 0, time.monotonic()
            before = used(resource.RUSAGE_SELF)
            while time.monotonic() < begun + 1:
                ways[group]()
                n += 1
            text += "   psutil %7.1f us" % (
                (used(resource.RUSAGE_SELF) - before) / n * 1e6)
        print(text, flush=True)
    target.kill()
    target.wait()


def spread(name, times, interval):
    """The steps between samples, and how far each is behind the last tick of
    the grid on which the earliest of them lies; who drifts is anywhere."""
    steps = sorted(b - a for a, b in zip(times, times[1:]))
    phases = sorted(t % interval for t in times)
    # The grid begins behind the longest stretch without a sample.
    gaps = [(b - a, b) for a, b in zip(phases, phases[1:])]
    gaps.append((phases[0] + interval - phases[-1], phases[0]))
    begin = max(gaps)[1]
    late = sorted((t - begin) % interval for t in times)
    off = sorted(abs(s - interval) for s in steps)
    print("%-12s %5d samples of %d; step: median %.2f ms, 99th percentile "
          "%.2f ms; off by: %.3f, %.3f ms; behind its grid: %.3f, %.3f ms" % (
              name, len(times), round((times[-1] - times[0]) / interval) + 1,
              1e3 * steps[len(steps) // 2], 1e3 * steps[len(steps) * 99 // 100],
              1e3 * off[len(off) // 2], 1e3 * off[len(off) * 99 // 100],
              1e3 * late[len(late) // 2], 1e3 * late[len(late) * 99 // 100]),
          flush=True)


def in_process(opt, folder):
    trace = os.path.join(folder, "inside.pmt")
    subprocess.run([sys.executable, "-m", "pmtrace", "--mode=sample",
                    "--sample-ms=10", "-o", trace,
                    os.path.join(folder, "busy.py")], check=True,
                   env=dict(os.environ, PYTHONPATH=opt.package))
    lines = [json.loads(line) for line in subprocess.run(
        [opt.pmt, "dump", "--json", "--kind=sample", trace], check=True,
        stdout=subprocess.PIPE).stdout.splitlines()]
    times = sorted(s["time_ns"] / 1e9 for s in lines
                   if s.get("kind") == "sample" and "rss" in s["values"])
    # The first and the last are those of the start and the end.
    spread("mode sample", times[1:-1], 0.01)


def accuracy(opt, folder):
    trace = os.path.join(folder, "exact.pmt")
    program = [sys.executable, "-c", BUSY % opt.seconds]
    sample(opt, "-i", "10ms", "-q", "-o", trace, "--", *program)
    looks = own(trace, opt)
    late = sorted(s["values"]["late"] for s in looks)
    print("pmt sample   late: median %.3f ms, 99th percentile %.3f ms, "
          "ticks missed %d" % (late[len(late) // 2] / 1e6,
                               late[len(late) * 99 // 100] / 1e6,
                               looks[-1]["values"]["ticks_missed"]))
    spread("pmt sample", [s["time_ns"] / 1e9 for s in looks], 0.01)
    in_process(opt, folder)
    script = os.path.join(folder, "busy.py")
    log = os.path.join(folder, "psrecord.txt")
    peer(["psrecord", "--interval", "0.01", "--log", log,
          "%s %s" % (sys.executable, script)])
    if os.path.exists(log):
        spread("psrecord", [float(line.split()[0]) for line in open(log)
                            if line[0] != "#"], 0.01)
    log = os.path.join(folder, "mprof.dat")
    peer(["mprof", "run", "-T", "0.01", "-o", log, script])
    if os.path.exists(log):
        spread("mprof", [float(line.split()[2]) for line in open(log)
                         if line.startswith("MEM")], 0.01)


def peer(args):
    """Runs a program that lies beside this interpreter, if it does."""
    program = os.path.join(os.path.dirname(sys.executable), args[0])
    if os.path.exists(program):
        subprocess.run([sys.executable, program] + args[1:],
                       stdout=subprocess.DEVNULL, check=False)


def cost_to_the_process(opt, folder):
    """The same process does the same piece again and again; every other one
    while the sampler is stopped, which it is for some 0.15 s at a time. When
    it goes on it looks at once."""
    target = subprocess.Popen([sys.executable, "-c", WORK], text=True,
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    sampler = subprocess.Popen(
        [opt.pmt, "sample", "-i", "0.1", "-q", "-f", "-o",
         os.path.join(folder, "pair.pmt"), "-p", str(target.pid)])

    def piece(sampled):
        sampler.send_signal(signal.SIGCONT if sampled else signal.SIGSTOP)
        target.stdin.write("\n")
        target.stdin.flush()
        return float(target.stdout.readline())

    for _ in range(10):
        piece(False)
    ratios = []
    for i in range(opt.pairs):
        first = piece(i % 2 == 0)
        second = piece(i % 2 != 0)
        ratios.append(first / second if i % 2 == 0 else second / first)
    sampler.send_signal(signal.SIGCONT)
    target.stdin.close()
    target.wait()
    sampler.wait()
    ratios.sort()
    middle, half = len(ratios) // 2, len(ratios) ** 0.5  # 95 % of the median
    print("processor time of a piece of work, sampled at 0.1 s / not: median "
          "%.4f (95 %%: %.4f to %.4f), quartiles %.4f to %.4f, %d pairs" % (
              statistics.median(ratios),
              ratios[max(0, int(middle - half))],
              ratios[min(len(ratios) - 1, int(middle + half))],
              ratios[len(ratios) // 4], ratios[len(ratios) * 3 // 4],
              len(ratios)))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pmt", default=os.path.join(
        os.environ.get("PMT_BUILD", "build"), "bin", "pmt"))
    parser.add_argument("--package", default=os.path.abspath(os.path.join(
        os.environ.get("PMT_BUILD", "build"), "python")))
    parser.add_argument("--only", default="exact,pairs,cost")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--pairs", type=int, default=300)
    opt = parser.parse_args()
    folder = tempfile.mkdtemp()
    with open(os.path.join(folder, "busy.py"), "w") as file:
        file.write(BUSY % opt.seconds)
    for name, part in (("exact", accuracy), ("pairs", cost_to_the_process),
                       ("cost", cost_of_samples)):
        if name in opt.only.split(","):
            part(opt, folder)


if __name__ == "__main__":
    main()
