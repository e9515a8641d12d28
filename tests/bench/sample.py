#!/usr/bin/env python3
"""What a sample costs, and how exact its times are, beside others' tools.

    sample.py [--pmt PMT] [--seconds 10]

1. Microseconds of processor time and system calls a sample, for each group of
   figures, of a process of 100 MB that does nothing; psutil for the same
   figures. Processor time is the sampler's own (rusage), over many looks.
2. How late samples are at 10 ms, of a process that is busy: psrecord and mprof
   where they are installed for this interpreter, from the times in what they
   write.
3. What being sampled at 0.1 s costs the process: pairs of runs of a program
   without and with it, in turns.
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

IDLE = "import time; x = bytearray(100 << 20); print('x', flush=True); " \
       "time.sleep(600)"
BUSY = "import time\nend = time.monotonic() + %g\n" \
       "while time.monotonic() < end: sum(range(1000))"
WORK = "import time\nb = time.process_time()\nx = 0\n" \
       "for i in range(6000000): x += i * i\nl = [bytes(100) for _ in " \
       "range(300000)]\nprint(time.process_time() - b)"
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
        print(text)
    target.kill()
    target.wait()


def spread(name, times, interval):
    """Lateness against the grid that begins at the first sample."""
    steps = sorted(b - a for a, b in zip(times, times[1:]))
    late = sorted(abs(s - interval) for s in steps)
    print("%-12s %5d samples, %d were due; step: median %.2f ms, 99th "
          "percentile %.2f ms; off by: median %.3f ms, 99th percentile "
          "%.3f ms" % (
              name, len(times), round((times[-1] - times[0]) / interval) + 1,
              1e3 * steps[len(steps) // 2], 1e3 * steps[len(steps) * 99 // 100],
              1e3 * late[len(late) // 2], 1e3 * late[len(late) * 99 // 100]))


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
    ratios = []
    for i in range(opt.pairs):
        times = {}
        for way in ("alone", "sampled") if i % 2 else ("sampled", "alone"):
            args = [sys.executable, "-c", WORK]
            if way == "sampled":
                args = [opt.pmt, "sample", "-i", "0.1", "-q", "-f", "-o",
                        os.path.join(folder, "pair.pmt"), "--"] + args
            times[way] = float(subprocess.check_output(args))
        ratios.append(times["sampled"] / times["alone"])
    ratios.sort()
    print("processor time of a program, sampled at 0.1 s / alone: median "
          "%.4f, quartiles %.4f to %.4f, %d pairs" % (
              statistics.median(ratios), ratios[len(ratios) // 4],
              ratios[len(ratios) * 3 // 4], len(ratios)))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pmt", default=os.path.join(
        os.environ.get("PMT_BUILD", "build"), "bin", "pmt"))
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--pairs", type=int, default=20)
    opt = parser.parse_args()
    folder = tempfile.mkdtemp()
    with open(os.path.join(folder, "busy.py"), "w") as file:
        file.write(BUSY % opt.seconds)
    accuracy(opt, folder)
    cost_to_the_process(opt, folder)
    cost_of_samples(opt, folder)


if __name__ == "__main__":
    main()
