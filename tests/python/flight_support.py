"""The flight recorder against the whole: a program that allocates at random is
recorded with max_size or max_age, and each part is kept by a link before it
is let go. At random moments, while its threads rest, the live set is read
from the ring, from a dump made then, and from all parts together, and the
program says what it has itself."""

import json
import os
import subprocess
import threading
import time

from recorder_support import FOLDER, PYTHON, check, equal, path, run, write

# FULL=1: the long form.
FULL = os.environ.get("FULL", "") not in ("", "0")

# What may be over the limit: one chunk, 65,536 records of a few bytes each.
CHUNK = 512 << 10

PROGRAM = write("flight.py", """\
import json, os, random, sys, threading, time
import pmtrace

how = json.loads(sys.argv[1])
stop = False
FILL = b"x" * 4096

class Node:
    pass

class Leaf:
    __slots__ = ("value",)

class Table(dict):
    pass

def bytes_a(r): return bytes(r.randrange(40, 400))
def bytes_b(r): return bytes(r.randrange(400, 5000))
def node(r): return Node()
def leaf(r): return Leaf()
def table(r): return Table()

MAKERS = [bytes_a, bytes_b] if how["kind"] == "alloc" else [node, leaf, table]
locks = [threading.Lock() for n in range(how["threads"])]
kept = [[[] for m in MAKERS] for n in range(how["threads"])]
arrays = [[] for n in range(how["threads"])]

def batch(r, kept, arrays):
    for n in range(300):
        f = r.randrange(len(MAKERS))
        if len(kept[f]) < 40 or (len(kept[f]) < how["most"] and
                                 r.random() < 0.5):
            kept[f].append(MAKERS[f](r))
        else:
            at = r.randrange(len(kept[f]))
            kept[f][at] = kept[f][-1]
            kept[f].pop()
        if r.random() < 0.2:
            arrays.append(bytearray(r.randrange(10, 300)))
        if arrays and r.random() < 0.2:
            one = r.choice(arrays)
            one += FILL[:r.randrange(1, 1000)]
        if len(arrays) > 200:
            del arrays[r.randrange(200)]

def work(number):
    r = random.Random(how["seed"] * 100 + number)
    while not stop:
        with locks[number]:
            batch(r, kept[number], arrays[number])
        time.sleep(how["pause"])

def fail(*what):
    sys.__excepthook__(*what)
    os._exit(1)  # threads wait for locks

sys.excepthook = fail
recorder = pmtrace.Recorder(how["trace"], **how["settings"])
recorder.start()
threads = [threading.Thread(target=work, args=(n,))
           for n in range(how["threads"])]
for thread in threads:
    thread.start()
r = random.Random(how["seed"])
def enough():
    stats = recorder.stats()
    return stats["let_go"] > how["gone"] * (stats["records"] - stats["let_go"])
for number in range(how["moments"]):
    time.sleep(how["gap"] * r.uniform(0.3, 1.7))
    while number == how["moments"] - 2 and how["gone"] and not enough():
        time.sleep(0.01)
    for lock in locks:
        lock.acquire()
    counts = {MAKERS[f].__name__: sum(len(k[f]) for k in kept)
              for f in range(len(MAKERS))}
    name = "m%d" % number
    recorder.mark(name)
    dump = recorder.dump(how["dumps"] + "/%s.pmt" % name)
    print(json.dumps({"name": name, "counts": counts, "dump": dump,
                      "stats": recorder.stats(), "time": time.monotonic()}),
          flush=True)
    sys.stdin.readline()
    for lock in locks:
        lock.release()
stop = True
for thread in threads:
    thread.join()
recorder.stop()
print(json.dumps({"stats": recorder.stats()}), flush=True)
""")


class Watch:
    """Keeps each part by a link, and measures what all files take."""

    def __init__(self, trace, keep):
        self.trace = trace
        self.keep = keep
        self.most = 0
        self.looks = 0
        self.over_ms = 0.0
        self.stopped = False
        self.thread = threading.Thread(target=self.watch)
        self.thread.start()

    def watch(self):
        folder, name = os.path.split(self.trace)
        while not self.stopped:
            self.look(folder, name)
            time.sleep(0.002)
        self.look(folder, name)

    def look(self, folder, name):
        seen = {}
        for entry in os.listdir(folder):
            if not entry.startswith(name):
                continue
            whole = os.path.join(folder, entry)
            number = entry[len(name) + 1:]
            try:
                if number.isdigit() and not os.path.exists(
                        os.path.join(self.keep, number)):
                    os.link(whole, os.path.join(self.keep, number))
                found = os.stat(whole)
            except OSError:
                continue
            seen[found.st_dev, found.st_ino] = found.st_blocks * 512
        self.looks += 1
        self.most = max(self.most, sum(seen.values()))

    def stop(self):
        self.stopped = True
        self.thread.join()

    def whole(self, name):
        """All parts, the newest last, in one file; the numbers of parts."""
        numbers = sorted(int(part) for part in os.listdir(self.keep))
        with open(name, "wb") as out:
            for source in [os.path.join(self.keep, "%06d" % number)
                           for number in numbers] + [self.trace]:
                with open(source, "rb") as part:
                    out.write(part.read())
        return numbers


def live(name, moment, by):
    """What is alive at a mark: ({row: figures}, total)."""
    result = run(["pmt", "live", "--json", "--by", by, "-n", "1000000",
                  "%s@mark:%s" % (name, moment)])
    if result.status != 0:
        return {}, result.err
    lines = [json.loads(line) for line in result.out.splitlines()]
    rows = {row["name"]: row for row in lines[1:]}
    return rows, (lines[0]["count"], lines[0]["bytes"])


def of_functions(rows, names):
    """Blocks by the function that asked for them."""
    found = dict.fromkeys(names, 0)
    for row in rows.values():
        if row["file"] == PROGRAM and row["function"] in found:
            found[row["function"]] += row["count"]
    return found


TYPES = {"node": "__main__.Node", "leaf": "__main__.Leaf",
         "table": "__main__.Table"}


def of_types(rows, names):
    return {name: rows.get(TYPES[name], {"count": 0})["count"]
            for name in names}


def fly(kind, moments, gap, pause, by="site", most=300, sampled=False, gone=0,
        **settings):
    """Runs the program and compares; `settings` are the recorder's. Before
    its last two moments the program works until the ring has let go `gone`
    times what it holds. Returns what the program said, and the watch."""
    name = "%s-%d" % (kind, fly.count)
    fly.count += 1
    folder = path(name)
    for each in (folder, folder + "/keep", folder + "/dumps"):
        os.mkdir(each)
    trace = folder + "/x.pmt"
    how = {"kind": kind, "trace": trace, "dumps": folder + "/dumps",
           "moments": moments, "gap": gap, "pause": pause, "threads": 3,
           "most": most, "gone": gone, "settings": dict(settings, mode=kind),
           "seed": int(os.environ.get("SEED", "1"))}
    watch = Watch(trace, folder + "/keep")
    process = subprocess.Popen([PYTHON, PROGRAM, json.dumps(how)],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               universal_newlines=True)
    said, ring = [], {}
    for line in process.stdout:
        said.append(json.loads(line))
        if len(said) <= moments:
            moment = said[-1]["name"]
            ring[moment] = live(trace, moment, by)
            process.stdin.write("\n")
            process.stdin.flush()
    equal(process.wait(), 0, "%s: the program's status" % name)
    watch.stop()
    last = said.pop()["stats"]
    equal(len(said), moments, "%s: moments" % name)
    parts = watch.whole(folder + "/whole.pmt")
    equal(parts, list(range(len(parts))), "%s: parts" % name)
    for one in said:
        compare(name, one, folder, ring, by, sampled)
    equal(sum(last["lost"].values()), 0, "%s: lost" % name)
    result = run(["pmt", "check", "--json", "--strict",
                  folder + "/whole.pmt"])
    found = json.loads(result.out.splitlines()[-1])
    equal((result.status, [found[key] for key in (
        "sound", "streams", "lost", "truncated", "corrupt", "missing",
        "inconsistent", "incomplete")]),
        (0, [True, 1, 0, 0, 0, 0, 0, 0]), "%s: pmt check of all parts" % name)
    print("%s: %d parts, %d records, %d let go, %d looks, %.2f MiB at most"
          % (name, len(parts) + 1, last["records"], last["let_go"],
             watch.looks, watch.most / 2.0 ** 20))
    return said, last, watch, folder


fly.count = 0


def compare(name, one, folder, ring, by, sampled):
    moment, counts = one["name"], one["counts"]
    whole, total = live(folder + "/whole.pmt", moment, by)
    check(len(whole) > 3, "%s: %s of all parts: %s" % (name, moment, total))
    for what, (rows, sums) in (
            ("the ring", ring[moment]),
            ("a dump", live(one["dump"], moment, by))):
        equal(sums, total, "%s: %s of %s, in all" % (name, moment, what))
        differ = [key for key in set(rows) | set(whole)
                  if rows.get(key) != whole.get(key)]
        equal([rows.get(key) for key in differ[:3]],
              [whole.get(key) for key in differ[:3]],
              "%s: %s of %s: %d rows differ" % (name, moment, what,
                                                len(differ)))
    if not sampled:
        own = (of_types if by == "type" else of_functions)(whole, counts)
        equal(own, counts, "%s: %s, what the program has" % (name, moment))


def is_flat(name, values):
    """The recorder's memory: the second half is at most 10 % above the most
    of the second quarter, by when buffers and tables have their size."""
    n = len(values)
    early, late = max(values[n // 4:n // 2]), max(values[n // 2:])
    print("%s: recorder's memory %.2f to %.2f MiB" % (
        name, early / 2.0 ** 20, late / 2.0 ** 20))
    check(late <= early * 1.1, "%s: memory grows: %r" % (name, values))


def kept_within(name, watch, limit):
    check(watch.looks > 100, "%s: %d looks" % (name, watch.looks))
    check(watch.most <= limit + CHUNK, "%s: %d bytes on disk, limit %d"
          % (name, watch.most, limit))
