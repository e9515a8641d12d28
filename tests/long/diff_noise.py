#!/usr/bin/env python3
"""Does `pmt diff --fail-over` tell noise from growth? Records one program many
times, with random hashes, sizes and threads, and then, of its runs,

  - 50 pairs of runs, --fail-over 5%: at most one alarm;
  - 50 pairs of sets of ten runs, drawn anew each time, --fail-over 0%: at most
    one alarm;
  - ten runs of which one line keeps 1 % more of all, against sets of ten runs,
    --fail-over 0%: found, and that line named, in 9 of 10.

    diff_noise.py --pmt PMT [--runs 60] [--pairs 50] [--keep FOLDER]
"""

import argparse
import itertools
import json
import os
import random
import subprocess
import sys
import tempfile

PROGRAM = '''
import random, sys, threading, time
import pmtrace

rng = random.Random()
EXTRA = int(sys.argv[1])
kept, index, names = [], {}, set()
lock = threading.Lock()


def fill(n):
    for i in range(n):
        kept.append(bytes(1000))


def extra(n):
    for i in range(n):
        kept.append(bytes(1000))


def sizes(n):
    return [bytes(rng.randrange(50, 150)) for i in range(n)]


def words(n):
    for i in range(n):
        names.add("word%d" % rng.randrange(10 * n))
        index["k%d" % rng.randrange(3 * n)] = i


def worker(n, out):
    for i in range(n):
        with lock:
            out.append("%d-%d" % (i, threading.get_ident()))
        if rng.random() < 0.01:
            time.sleep(0.0001)
    out.append([None] * rng.randrange(20))


fill(800)
more = sizes(500)
words(300)
out = []
threads = [threading.Thread(target=worker, args=(100, out)) for _ in "1234"]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
extra(EXTRA)
pmtrace.mark("done")
'''


def record(args, folder, name, extra):
    path = os.path.join(folder, name + ".pmt")
    env = dict(os.environ, PYTHONHASHSEED="random")
    subprocess.run([args.pmt, "record", "-f", "-o", path, "--", sys.executable,
                    os.path.join(folder, "work.py"), str(extra)], env=env,
                   check=True, stdout=subprocess.DEVNULL)
    return path


def folder_of(folder, name, runs):
    """A folder of links."""
    path = os.path.join(folder, name)
    os.makedirs(path)
    for number, run in enumerate(runs):
        os.symlink(run, os.path.join(path, "%02d.pmt" % number))
    return path


def alarm(args, limit, a, b):
    """The status, and the functions that are said to be over."""
    done = subprocess.run([args.pmt, "diff", "--json", "--kind", "alloc",
                           "--fail-over", limit, a + "@mark:done",
                           b + "@mark:done"], stdout=subprocess.PIPE,
                          universal_newlines=True)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    if done.returncode not in (0, 1) or not rows:
        sys.exit("pmt diff: status %d" % done.returncode)
    return done.returncode, [row.get("function") or row["name"]
                             for row in rows[1:] if row["over"]]


def total(args, path):
    done = subprocess.run([args.pmt, "live", "--json", "--kind", "alloc",
                           path + "@mark:done"], stdout=subprocess.PIPE,
                          check=True, universal_newlines=True)
    return json.loads(done.stdout.splitlines()[0])["bytes"]


def check(args, folder):
    with open(os.path.join(folder, "work.py"), "w") as file:
        file.write(PROGRAM)
    pool = [record(args, folder, "run%03d" % i, 0) for i in range(args.runs)]
    bytes_of = [total(args, path) for path in pool]
    blocks = round(sum(bytes_of) / len(bytes_of) * 0.01 / 1033)
    more = [record(args, folder, "more%02d" % i, blocks) for i in range(10)]
    rng = random.Random(1)
    names = ("set%03d" % i for i in itertools.count())
    print("%d runs keep %d to %d bytes; 1 %% is %d blocks" % (
        len(pool), min(bytes_of), max(bytes_of), blocks), flush=True)
    single = [alarm(args, "5%", *rng.sample(pool, 2))
              for _ in range(args.pairs)]
    sets, found = [], []
    for _ in range(args.pairs):
        runs = rng.sample(pool, 20)
        sets.append(alarm(args, "0%",
                          folder_of(folder, next(names), runs[:10]),
                          folder_of(folder, next(names), runs[10:])))
    grown = folder_of(folder, "grown", more)
    for _ in range(10):
        status, over = alarm(args, "0%", folder_of(
            folder, next(names), rng.sample(pool, 10)), grown)
        found.append(status == 1 and "extra" in over)
    print("%d pairs of runs, 5%%: %d alarms" % (
        len(single), sum(s for s, _ in single)))
    print("%d pairs of ten runs, 0%%: %d alarms" % (
        len(sets), sum(s for s, _ in sets)))
    print("1 %% more: found in %d of %d" % (sum(found), len(found)))
    return (sum(s for s, _ in single) <= 1 and sum(s for s, _ in sets) <= 1
            and sum(found) >= 9)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pmt", default="pmt")
    parser.add_argument("--runs", type=int, default=60)
    parser.add_argument("--pairs", type=int, default=50)
    parser.add_argument("--keep")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if args.keep:
            os.makedirs(args.keep)
            folder = os.path.abspath(args.keep)
        if not check(args, folder):
            sys.exit("FAILED")
    print("ok")


main()
