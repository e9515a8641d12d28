#!/usr/bin/env python3
"""kill -9 at random moments, in all modes: every trace opens, and every
record that was committed is there.

    tests/long/kills.py --build FOLDER [--kills 10000] [--seed 1] [-j 2]
                        [--only WORD] [--keep FOLDER] [--log FILE]
                        [--progress]

For each interpreter that the recorder was built for, warm parents fork
processes that start a recording, work (work.py), and are killed 0 to 150 ms
after the fork: while they start, record, switch parts, fork, or finish a
recording and start the next. What they had done is in memory that the parent
shares, written after each call had returned. Then, of every trace:

- it opens; the numbers of marks, blocks, calls, objects, snapshots and
  collections in it are without a gap and reach what was done
- nothing is lost, missing or damaged; no address is acquired twice
- what `pmt recover` makes of it is sound, and has the same
- of every 50th, spec/decode.py prints the same lines as `pmt dump --json`

With max_size the oldest parts are gone, so numbers need not begin at 0; where
a part begins, its live set must be that of the records before.

The last lines are a table by mode and the verdict. Exit status: 0, or 1 when
anything was wrong.
"""

import argparse
import collections
import concurrent.futures
import glob
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import tee  # noqa: E402

SOURCE = os.path.dirname(os.path.dirname(HERE))
BATCH = 25
DECODE_EVERY = 50
ALL = "alloc,object,call,line,snapshot,heap,rss,gc"

# name: (settings, how). Short chunks and few segments: kills fall between the
# steps of writing one more often.
SHORT = {"chunk_records": 50, "segments": 8}
RING = {"max_size": 4 << 20, "chunk_records": 500, "segments": 16}
VARIANTS = {
    "alloc": ({"mode": "alloc"}, {}),
    "alloc, short chunks": (dict(SHORT, mode="alloc"), {}),
    "alloc, threads": (dict(SHORT, mode="alloc", frames=0), {"threads": 4}),
    "alloc, sampled": ({"mode": "alloc", "sample_bytes": 4096}, {}),
    "object": (dict(SHORT, mode="object"), {}),
    "call": (dict(SHORT, mode="call"), {}),
    "line": (dict(SHORT, mode="line"), {}),
    "snapshot": ({"mode": "snapshot", "snapshot_ms": 5}, {}),
    "heap, rss, gc": ({"mode": "heap,rss,gc", "rss_ms": 1, "heap_ms": 2}, {}),
    "all modes": ({"mode": ALL, "snapshot_records": 1, "snapshot_ms": 20,
                   "rss_ms": 2, "heap_ms": 5}, {}),
    "all modes, threads": (dict(SHORT, mode=ALL, snapshot_records=1),
                           {"threads": 3}),
    "started again": (dict(SHORT, mode="alloc"), {"restart": 0.02}),
    "children": ({"mode": "alloc", "children": 1}, {"forks": 3}),
    "children, all modes": ({"mode": ALL, "snapshot_records": 1,
                             "children": 1}, {"forks": 2}),
    "max_size, alloc": (dict(RING, mode="alloc"), {"fat": 8000}),
    "max_size, sampled": (dict(RING, mode="alloc,rss,heap",
                               sample_bytes=4096), {"fat": 8000}),
    "max_size, object": (dict(RING, mode="object,call"), {"fat": 8000}),
    "max_size, all modes": (dict(RING, mode=ALL, snapshot_records=1),
                            {"fat": 8000}),
    "max_size, children": (dict(RING, mode="alloc", children=1),
                           {"forks": 2, "fat": 8000}),
}


def possible(name, version):
    """The variant as this version can do it, or None."""
    settings, how = VARIANTS[name]
    modes = settings["mode"].split(",")
    if version < (3, 13) and "object" in modes:
        modes.remove("object")
        if not modes or modes == ["call"]:
            return None
    return dict(settings, mode=",".join(modes)), how


# ---- the parent of the killed, under the interpreter that is tested ---------


def parent(words):
    """Kills one process for each line on stdin; says what it had done."""
    import ctypes
    import mmap
    import signal

    import work

    if ctypes.CDLL(None).prctl(36, 1, 0, 0, 0) != 0:  # PR_SET_CHILD_SUBREAPER
        raise SystemExit("no subreaper")
    with open(words[0]) as file:
        tasks = json.load(file)
    for task in tasks:
        page = mmap.mmap(-1, work.SLOT_BYTES * work.SLOTS)
        pid = os.fork()
        if pid == 0:
            os.setpgid(0, 0)
            try:
                work.record(page, task["base"], task["settings"],
                            task["how"])
            finally:
                sys.excepthook(*sys.exc_info())
                os._exit(1)
        # Some while they start; most when they record, which takes as long
        # as the machine is busy.
        until = time.monotonic() + 20
        while not task["early"] and time.monotonic() < until and \
                not work.Slot(page, 0).started():
            time.sleep(0.001)
        time.sleep(task["after"])
        for send in (os.kill, os.killpg):
            try:
                send(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        status = os.waitpid(pid, 0)[1]
        while True:
            try:
                os.wait()
            except ChildProcessError:
                break
        task["status"] = status
        task["slots"] = [work.Slot(page, i).read()
                         for i in range(work.SLOTS)]
        page.close()
    with open(words[0], "w") as file:
        json.dump(tasks, file)


# ---- what must be in a trace -------------------------------------------------


def row_problems(what, rows, counts, ring):
    """Numbers of each worker: from 0, without a gap, as far as counted."""
    for worker, (row, count) in enumerate(zip(rows, counts)):
        first, last, found, breaks = row
        done = count[what]
        if breaks or found and first and not ring or \
                done and (not found or last < done - 1):
            yield ("%s of worker %d: %d done, in the trace %d, %d to %d, %d "
                   "breaks" % (what, worker, done, found, first, last, breaks))


def problems_of(seen, slot, settings):
    """What is wrong with a trace, as look.c saw it."""
    if "error" in seen:
        yield seen["error"]
        return
    modes = settings["mode"].split(",")
    ring = settings.get("max_size", 0)
    for what in ("lost", "missing", "damaged", "twice", "carry"):
        if seen[what]:
            yield "%s %d %s" % (what, seen[what], seen["damage"])
    if seen["streams"] != 1:
        yield "%d streams" % seen["streams"]
    counts = slot["counts"]
    rows = ["marks"]
    if "alloc" in modes or settings.get("snapshot_records"):
        rows.append("blocks")
    if "snapshot" in modes:
        rows.append("snapshots")
    for what in rows:
        yield from row_problems(what, seen[what], counts, ring)
    if ring:
        return
    for mode, what, found in (("call", "calls", "calls"),
                              ("line", "calls", "lines"),
                              ("object", "creates", "creates"),
                              ("gc", "gcs", "gcs"), ("heap", "heaps", "heaps")):
        done = sum(count[what] for count in counts)
        if mode in modes and seen[found] < done:
            yield "%s: %d done, %d in the trace" % (found, done, seen[found])


# ---- killing and looking -----------------------------------------------------


class Batch:
    """Some kills of one interpreter, one after the other."""

    def __init__(self, options, number, version, python):
        self.options = options
        self.number = number
        self.version = version
        self.python = python
        self.folder = os.path.join(options.folder, "batch-%d" % number)
        self.problems = []
        self.counts = collections.defaultdict(collections.Counter)

    def bad(self, task, text):
        self.problems.append("%s, %d.%d.%d, killed after %.1f ms, %s: %s" % (
            (task["variant"],) + self.version +
            (1000 * task["after"], task["base"], text)))

    def tasks(self):
        chance = random.Random("%d %d" % (self.options.seed, self.number))
        names = [n for n in VARIANTS if possible(n, self.version) and
                 (self.options.only or "") in n]
        for i in range(BATCH if names else 0):
            name = names[(self.number + i) % len(names)]
            settings, how = possible(name, self.version)
            early = chance.random() < 0.15
            longest = 0.3 if "max_size" in settings else 0.15
            yield {"variant": name, "settings": settings, "how": how,
                   "early": early, "after": chance.random() * longest,
                   "base": os.path.join(self.folder, "%d" % i)}

    def run(self):
        os.makedirs(self.folder)
        name = os.path.join(self.folder, "tasks.json")
        with open(name, "w") as file:
            json.dump(list(self.tasks()), file)
        result = subprocess.run(
            [self.python, os.path.abspath(__file__), "--parent", name],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if result.returncode != 0 or result.stdout:
            self.problems.append("%s: batch %d: status %d: %s" % (
                self.python, self.number, result.returncode,
                result.stdout.decode("utf-8", "replace")[-3000:]))
        with open(name) as file:
            tasks = json.load(file)
        traces = []
        for task in tasks:
            traces += self.traces_of(task)
        if traces:
            self.look(traces)
        if not self.problems:
            shutil.rmtree(self.folder)
        return self

    def traces_of(self, task):
        """[(task, slot, path)] of the recordings that had started; counts
        the others."""
        count = self.counts[task["variant"]]
        count["kills"] += 1
        if task.get("status") != 9:
            self.bad(task, "status %s" % task.get("status"))
            return []
        found = []
        for slot in task["slots"]:
            if slot["started"]:
                name = "%s-%d%s.pmt" % (
                    task["base"], slot["pid"], "-%d" % slot["number"]
                    if "restart" in task["how"] else "")
                found.append((task, slot, name))
        started = {name for _, _, name in found}
        for name in glob.glob(glob.escape(task["base"]) + "-*.pmt"):
            # Killed before start() had returned: nothing was committed, and
            # there may be half a header.
            count["unstarted"] += name not in started
        if not found:
            count["too early"] += 1
        count["traces"] += len(found)
        for _, slot, _ in found:
            for row in slot["counts"]:
                count["records"] += sum(row.values())
        return found

    def command(self, *words):
        result = subprocess.run(
            [os.path.join(self.options.build, "bin", "pmt")] + list(words),
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return result.returncode, result.stdout.decode("utf-8", "replace")

    def seen(self, names):
        program = os.path.join(self.options.build, "tests", "long", "look")
        result = subprocess.run([program] + names, stdout=subprocess.PIPE)
        lines = result.stdout.decode("utf-8", "replace").splitlines()
        if result.returncode != 0 or len(lines) != len(names):
            raise SystemExit("look: status %d after %d of %d files, next %s" %
                             (result.returncode, len(lines), len(names),
                              names[len(lines):][:1]))
        return [json.loads(line) for line in lines]

    def look(self, traces):
        whole = []
        names = [name for _, _, name in traces]
        for (task, slot, name), seen in zip(traces, self.seen(names)):
            for text in problems_of(seen, slot, task["settings"]):
                self.bad(task, name + ": " + text)
            count = self.counts[task["variant"]]
            count["parts"] += max(0, seen.get("parts", 0) - 1)
            count["switched"] += seen.get("parts", 0) > 1
            count["from the journal"] += seen.get("journal", 0)
            status, text = self.command("recover", "-q", "-o",
                                        name + ".whole", name)
            if status == 0:
                whole.append((task, slot, name + ".whole"))
            else:
                self.bad(task, "%s: pmt recover: status %d %s"
                         % (name, status, text))
        if whole:
            self.look_recovered(whole)

    def look_recovered(self, whole):
        names = [name for _, _, name in whole]
        for (task, slot, name), seen in zip(whole, self.seen(names)):
            for text in problems_of(seen, slot, task["settings"]):
                self.bad(task, name + ": " + text)
            if not seen.get("ended") or seen.get("truncated"):
                self.bad(task, name + ": it has no end")
        status, text = self.command("check", "-q", *names)
        for task, _, name in whole if status else ():
            if name + ": " in text:
                self.bad(task, "pmt check: status %d %s" % (
                    status, text[text.index(name + ": "):][:500]))
        if status and not self.problems:
            self.problems.append("pmt check: %d %s" % (status, text[:2000]))
        if self.number * BATCH % DECODE_EVERY == 0:
            # decode.py takes a second for 100,000 records.
            small = [w for w in whole
                     if os.path.getsize(w[2]) < 300000] or whole[:1]
            task, _, name = small[self.number // 2 % len(small)]
            self.decode(task, name)

    def decode(self, task, name):
        decoded = subprocess.run(
            [self.options.cbor, os.path.join(SOURCE, "spec", "decode.py"),
             name], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        status, text = self.command("dump", "--json", name)
        self.counts[task["variant"]]["decoded"] += 1
        if decoded.returncode != 0 or status != 0 or \
                [json.loads(s) for s in decoded.stdout.splitlines()] != \
                [json.loads(s) for s in text.splitlines()]:
            self.bad(task, name + ": decode.py and pmt dump differ, status "
                     "%d and %d" % (decoded.returncode, status))


# ---- all of it ---------------------------------------------------------------


def interpreters():
    """[(version, path)] of those the recorder is built for."""
    built = []
    find = os.path.join(SOURCE, "tests", "interpreters", "find")
    for python in subprocess.run([find], stdout=subprocess.PIPE,
                                 check=True).stdout.decode().split():
        result = subprocess.run(
            [python, "-c", "import pmtrace, sys; pmtrace._extension();"
             "print(*sys.version_info[:3])"], stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL)
        if result.returncode == 0:
            built.append((tuple(map(int, result.stdout.split())), python))
    return built


def with_cbor(pythons):
    for _, python in pythons:
        if subprocess.call([python, "-c", "import cbor2, zstandard"],
                           stderr=subprocess.DEVNULL) == 0:
            return python
    return None


COLUMNS = ("kills", "traces", "records", "from the journal", "switched",
           "parts", "too early", "unstarted", "decoded")


def table(counts):
    total = collections.Counter()
    print("%-22s" % "mode" + "".join("%17s" % c for c in COLUMNS))
    for name in VARIANTS:
        if name in counts:
            total.update(counts[name])
            print("%-22s" % name +
                  "".join("%17d" % counts[name][c] for c in COLUMNS))
    print("%-22s" % "all" + "".join("%17d" % total[c] for c in COLUMNS))
    return total


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    parser.add_argument("--kills", type=int, default=10000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("-j", type=int, default=2)
    parser.add_argument("--only", help="variants whose name has this word")
    parser.add_argument("--keep", help="folder for traces with problems")
    parser.add_argument("--log", help="what is printed goes there too")
    parser.add_argument("--progress", action="store_true")
    options = parser.parse_args()
    tee.to(options.log)
    options.build = os.path.abspath(options.build)
    options.folder = os.path.abspath(options.keep or tempfile.mkdtemp())
    os.environ["PYTHONPATH"] = os.path.join(options.build, "python")
    pythons = interpreters()
    options.cbor = with_cbor(pythons)
    if not pythons or not options.cbor:
        raise SystemExit("kills: no interpreter with the recorder, or none "
                         "with cbor2 and zstandard")
    began = time.monotonic()
    counts = collections.defaultdict(collections.Counter)
    problems = []
    batches = [Batch(options, i, *pythons[i % len(pythons)])
               for i in range((options.kills + BATCH - 1) // BATCH)]
    with concurrent.futures.ThreadPoolExecutor(options.j) as pool:
        for done, batch in enumerate(pool.map(Batch.run, batches), 1):
            for name in batch.counts:
                counts[name].update(batch.counts[name])
            for text in batch.problems:
                print("WRONG: " + text, flush=True)
            problems += batch.problems
            if options.progress and done % 20 == 0:
                print("%d kills, %d wrong, %.0f s" % (
                    sum(c["kills"] for c in counts.values()), len(problems),
                    time.monotonic() - began), flush=True)
    total = table(counts)
    print("%s: %d kills of %d interpreters in %.0f s: %d traces, %d records "
          "known to be committed, %d problems%s" % (
              "FAILED" if problems or not total["traces"] else "ok",
              total["kills"], len(pythons), time.monotonic() - began,
              total["traces"], total["records"], len(problems),
              " (kept in %s)" % options.folder if problems else ""))
    if not problems:
        shutil.rmtree(options.folder, ignore_errors=not options.keep)
    return 1 if problems or not total["traces"] else 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["--parent"]:
        parent(sys.argv[2:])
    else:
        sys.exit(main())
