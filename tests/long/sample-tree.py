#!/usr/bin/env python3
"""A tree of processes that begin and end all the time, under `pmt sample`.

    sample-tree.py [--seconds 60] [--processes 200] [--rate 50]
                   [--interval 0.5] [--no-events]

--processes children stay; --rate more start each second, and live 0 to 1.4
intervals by turns. They are forked by a parent that writes down each pid, its
start and its end. Then the trace must have each that lived over one interval;
what share of the shorter ones it has is printed, with the sampler's own cost
and memory, by which it must not grow. Exit status: 0, or 1.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time

PARENT = r"""
import os, signal, sys, time
count, rate, seconds, interval = int(sys.argv[1]), float(sys.argv[2]), \
    float(sys.argv[3]), float(sys.argv[4])
log = open(sys.argv[5], "w")
stay = []
for _ in range(count):
    pid = os.fork()
    if pid == 0:
        signal.pause()
        os._exit(0)
    stay.append(pid)
    log.write("stay %d\n" % pid)
begun = time.monotonic()
n, born = 0, {}
while True:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            break
        if not pid:
            break
        if pid in born:
            started, life = born.pop(pid)
            log.write("short %d %.6f %.6f %d\n" % (
                pid, started, time.monotonic() - started,
                os.WEXITSTATUS(status)))
    now = time.monotonic()
    if now - begun > seconds and not born:
        break
    if now - begun < seconds and now >= begun + n / rate:
        life = interval * (n % 8) / 5.0
        pid = os.fork()
        if pid == 0:
            if life:
                time.sleep(life)
            os._exit(n % 100)
        born[pid] = time.monotonic(), life
        n += 1
    else:
        time.sleep(0.001)
log.close()
for pid in stay:
    os.kill(pid, signal.SIGTERM)
for pid in stay:
    os.waitpid(pid, 0)
"""


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--processes", type=int, default=200)
    parser.add_argument("--rate", type=float, default=50)
    parser.add_argument("--interval", type=float, default=0.5)
    parser.add_argument("--no-events", action="store_true")
    parser.add_argument("--pmt", default=os.path.join(
        os.environ.get("PMT_BUILD", "build"), "bin", "pmt"))
    opt = parser.parse_args()
    folder = tempfile.mkdtemp()
    log, trace = os.path.join(folder, "log"), os.path.join(folder, "t.pmt")
    args = [opt.pmt, "sample", "--tree", "-i", "%gs" % opt.interval, "-o",
            trace]
    if opt.no_events:
        args.append("--no-events")
    args += ["--", sys.executable, "-c", PARENT, str(opt.processes),
             str(opt.rate), str(opt.seconds), str(opt.interval), log]
    subprocess.run(args, check=True)
    lines = [json.loads(line) for line in subprocess.run(
        [opt.pmt, "dump", "--json", trace], check=True,
        stdout=subprocess.PIPE).stdout.splitlines()]
    return judge(opt, log, lines, trace)


def judge(opt, log, lines, trace):
    started, ended, sampled, own = set(), {}, {}, []
    for line in lines:
        if line.get("kind") == "process":
            if line["op"] in ("started", "found"):
                started.add(line["pid"])
            elif line["op"] == "exited":
                ended[line["pid"]] = line["exit"], line["how"]
        elif line.get("kind") == "sample":
            if line.get("pid"):
                sampled[line["pid"]] = sampled.get(line["pid"], 0) + 1
            elif "rss" in line["values"]:
                own.append((line["time_ns"], line["values"]))
    failed = 0
    known = {"long": [0, 0, 0, 0], "short": [0, 0, 0, 0]}
    for entry in open(log):
        what, pid, *rest = entry.split()
        pid = int(pid)
        if what == "stay":
            if pid not in started or pid not in sampled:
                print("not met: %d, which stayed" % pid)
                failed = 1
            continue
        life, code = float(rest[1]), int(rest[2])
        row = known["long" if life > opt.interval else "short"]
        row[0] += 1
        row[1] += pid in started
        row[2] += pid in sampled
        row[3] += ended.get(pid, (None,))[0] == code
        if life > opt.interval and pid not in started:
            print("not met: %d, which lived %.3f s" % (pid, life))
            failed = 1
    for name, words in (("long", "over one interval"), ("short", "shorter")):
        n, met, looked, status = known[name]
        print("lived %s: %d; start known %d (%.2f %%), sampled %d, exit "
              "status known %d" % (words, n, met, 100.0 * met / max(n, 1),
                                   looked, status))
    cost = [(v["cpu_user"] + v["cpu_system"]) / 1e7 for _, v in own]
    memory = [v["rss"] for _, v in own]
    quarter = len(own) // 4
    spent = (cost[-1] - cost[quarter]) / ((own[-1][0] - own[quarter][0]) /
                                          1e9)
    late = sorted(v["late"] for _, v in own)
    looks = sorted(v["look"] for _, v in own)
    print("sampler: %.2f %% of a processor, %.1f MiB at a quarter, %.1f MiB "
          "at the end; a look takes %.2f ms, late %.3f ms (medians), ticks "
          "missed %d; the trace has %.1f MiB" % (
              spent, memory[quarter] / 1048576, memory[-1] / 1048576,
              looks[len(looks) // 2] / 1e6, late[len(late) // 2] / 1e6,
              own[-1][1]["ticks_missed"], os.path.getsize(trace) / 1048576))
    if memory[-1] > memory[quarter] + (2 << 20):
        print("the sampler's memory grows")
        failed = 1
    return failed


if __name__ == "__main__":
    sys.exit(main())
