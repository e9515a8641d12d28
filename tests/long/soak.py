#!/usr/bin/env python3
"""Records at full rate for long, with max_size, and looks at it every second.

    tests/long/soak.py --build FOLDER [--minutes 60] [--max-size 256M]
                       [--only WORD] [--keep FOLDER] [--dump-seconds N]

Two programs (soak_work.py) run at the same time, each recorded by itself:
mode alloc, and object with call on the newest CPython that the recorder is
built for. PMT_PYTHON is the interpreter of the first. Every second: the disk
that all files of the trace take (st_blocks), the recorder's memory as it says
and the process's as the kernel says, records a second, records not yet
written. Now and then the program makes a dump, and what is alive in it must be
what the program counted. The marks in dumps have the values of the clocks when
they were made: the times in the trace must not drift away from them.

Prints a row now and then and a verdict for each program; all figures are in
FOLDER/NAME.csv, and everything printed in FOLDER/soak.log. Exit status: 0, or 1
when a limit was passed, memory grew, a record was lost or a dump was wrong.
"""

import argparse
import glob
import json
import os
import shutil
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import kills  # noqa: E402  (interpreters)

# The disk may be over the limit by a chunk: 65,536 records of 24 bytes, and
# what one block of the disk has.
CHUNK_BYTES = 2 << 20
COLUMNS = ("second", "disk", "memory", "rss_anon", "rss_file", "records",
           "rate", "unwritten", "let_go", "live_blocks", "stacks", "lost")
MIB = 1024.0 * 1024


class Say:
    """Prints, and keeps it in a file."""

    def __init__(self, path):
        self.file = open(path, "w")
        self.lock = threading.Lock()

    def __call__(self, text):
        with self.lock:
            print(text, flush=True)
            self.file.write(text + "\n")
            self.file.flush()


def disk_of(trace):
    """Bytes of the trace, its older parts and its journal; not of dumps."""
    total = 0
    for name in glob.glob(glob.escape(trace) + "*"):
        if "-dump" not in os.path.basename(name):
            try:
                total += os.stat(name).st_blocks * 512
            except OSError:
                pass  # let go meanwhile
    return total


def status_of(pid):
    """(anonymous, file and shared) bytes of the resident set."""
    found = {}
    with open("/proc/%d/status" % pid) as file:
        for line in file:
            words = line.split()
            if words[0].startswith("Rss"):
                found[words[0][:-1]] = int(words[1]) * 1024
    return found["RssAnon"], found["RssFile"] + found["RssShmem"]


def slope(points):
    """Of a line through (x, y): y for one x more; 0 of fewer than 3."""
    if len(points) < 3:
        return 0.0
    mx = sum(x for x, _ in points) / len(points)
    my = sum(y for _, y in points) / len(points)
    return (sum((x - mx) * (y - my) for x, y in points) /
            sum((x - mx) ** 2 for x, _ in points))


class Soak:
    """One program."""

    def __init__(self, options, say, name, python, kind, mode):
        self.options, self.say, self.name = options, say, name
        self.kind = kind
        self.trace = os.path.join(options.folder, name, "soak.pmt")
        os.makedirs(os.path.dirname(self.trace))
        self.rows, self.problems, self.drifts = [], [], []
        self.dumps = 0
        self.most_disk = 0
        self.over = 0
        self.checks = []
        self.errors = open(os.path.join(options.folder, name + ".stderr"),
                           "wb")
        self.process = subprocess.Popen(
            [python, os.path.join(HERE, "soak_work.py"), self.trace,
             str(options.minutes), kind, mode, str(options.max_size),
             str(options.dump_seconds)], stdout=subprocess.PIPE,
            stderr=self.errors)
        self.threads = [threading.Thread(target=self.watch_disk),
                        threading.Thread(target=self.read)]
        for thread in self.threads:
            thread.start()

    def bad(self, text):
        self.problems.append(text)
        self.say("WRONG: %s: %s" % (self.name, text))

    def watch_disk(self):
        while self.process.poll() is None:
            disk = disk_of(self.trace)
            self.most_disk = max(self.most_disk, disk)
            self.over += disk > self.options.max_size
            time.sleep(0.1)

    def read(self):
        with open(os.path.join(self.options.folder, self.name + ".csv"),
                  "w") as csv:
            csv.write(",".join(COLUMNS) + "\n")
            for line in self.process.stdout:
                try:
                    figures = json.loads(line)
                    self.note(figures, csv)
                except Exception as error:
                    self.bad("%r at %r" % (error, line[:200]))
                    continue
                if "dump" in figures:
                    thread = threading.Thread(target=self.look_at_dump,
                                              args=(figures,))
                    thread.start()
                    self.checks.append(thread)

    def note(self, f, csv):
        anonymous, file = status_of(self.process.pid)
        last = self.rows[-1] if self.rows else {"second": 0, "records": 0}
        row = {"second": f["second"], "disk": disk_of(self.trace),
               "memory": f["memory_bytes"], "rss_anon": anonymous,
               "rss_file": file, "records": f["records"],
               "rate": (f["records"] - last["records"]) /
               (f["second"] - last["second"]),
               "unwritten": f["unwritten"], "let_go": f.get("let_go", 0),
               "live_blocks": f.get("live_blocks", 0),
               "stacks": f["stacks"], "lost": sum(f["lost"].values())
               if isinstance(f["lost"], dict) else f["lost"]}
        self.rows.append(row)
        csv.write(",".join("%.10g" % row[c] for c in COLUMNS) + "\n")
        csv.flush()
        every = max(1, int(self.options.minutes * 60 / 30))
        if len(self.rows) % every == 0:
            self.say("%-12s %6.0f s  disk %6.1f MiB  memory %5.1f MiB  "
                     "RSS %6.1f + %5.1f MiB  %9.0f records/s  %8d unwritten"
                     % (self.name, row["second"], row["disk"] / MIB,
                        row["memory"] / MIB, anonymous / MIB, file / MIB,
                        row["rate"], row["unwritten"]))

    # ---- dumps ----

    def pmt(self, *words):
        result = subprocess.run(
            [os.path.join(self.options.build, "bin", "pmt")] + list(words),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        return (result.returncode, result.stdout.decode("utf-8", "replace"),
                result.stderr.decode("utf-8", "replace"))

    def look_at_dump(self, figures):
        name = figures["dump"]
        by, wanted = (("type", "Kept") if self.kind == "object" else
                      ("function", "oracle_block"))
        status, out, err = self.pmt(
            "live", "--json", "--kind", self.kind, "--by", by, "--top",
            "100000", "%s@mark:%s" % (name, figures["mark"]))
        rows = [json.loads(line) for line in out.splitlines()][1:]
        mine = [r for r in rows if r.get("function") == wanted or
                r["name"].split(".")[-1] == wanted]
        found = (sum(r["count"] for r in mine),
                 sum(r["bytes"] for r in mine) if by == "function" else
                 figures["kept_bytes"])
        right = (figures["kept"], figures["kept_bytes"])
        self.dumps += 1
        if status != 0 or err or found != right:
            self.bad("dump %s: %s alive, %s counted; status %d %s" % (
                name, found, right, status, err[-300:]))
        self.look_at_clocks(name)
        status, out, err = self.pmt("check", "-q", name)
        wrong = [t for t in out.splitlines() if ": incomplete: " not in t]
        if status != 0 or wrong:
            self.bad("pmt check %s: %d %s" % (name, status, wrong[:3]))
        self.say("%-12s dump at %.0f s: %.1f MiB in %.2f s; %d alive of %d "
                 "counted" % (self.name, figures["second"],
                              figures["dump_bytes"] / MIB, figures["dump_s"],
                              found[0], right[0]))
        if found == right:
            os.unlink(name)

    def look_at_clocks(self, name):
        """Where the marks are in the trace, and where they were made."""
        status, out, _ = self.pmt("dump", "--json", "--kind", "mark", name)
        start = clock = None
        for line in map(json.loads, out.splitlines()):
            if line.get("kind") == "stream" and start is None:
                start = line["start"]
            elif line.get("kind") == "mark" and clock and \
                    line["text"] == "good":
                self.drifts.append(clock)
            elif line.get("kind") == "mark" and \
                    line["text"].startswith("clock "):
                mono, real = map(int, line["text"].split()[1:])
                since = line["time_ns"]
                clock = ((mono - start[0]) / 1e9, start[0] + since - mono,
                         start[1] + since - real)

    # ---- the end ----

    def finish(self):
        status = self.process.wait()
        for thread in self.threads + self.checks:
            thread.join()
        self.errors.close()
        with open(self.errors.name) as file:
            text = file.read()
        if status != 0 or text:
            self.bad("status %d: %s" % (status, text[-2000:]))
        self.look_at_clocks(self.trace)
        if not self.rows or not self.drifts:
            self.bad("%d rows, %d clocks" % (len(self.rows),
                                             len(self.drifts)))
            return
        self.judge_disk()
        self.judge_memory()
        self.judge_clocks()
        if self.rows[-1]["lost"]:
            self.bad("%d events lost" % self.rows[-1]["lost"])
        if not self.dumps:
            self.bad("no dump was made")
        rates = sorted(r["rate"] for r in self.rows)
        self.say("%s: %d records, %.0f a second (median), %d let go, %d dumps "
                 "as counted, most unwritten %d" % (
                     self.name, self.rows[-1]["records"],
                     rates[len(rates) // 2], self.rows[-1]["let_go"],
                     self.dumps, max(r["unwritten"] for r in self.rows)))

    def judge_disk(self):
        limit = self.options.max_size
        if self.most_disk > limit + CHUNK_BYTES:
            self.bad("disk %d, over the limit by %d" % (
                self.most_disk, self.most_disk - limit))
        self.say("%s: disk at most %.2f MiB of %.0f, looked at every 0.1 s; "
                 "over it in %d looks" % (self.name, self.most_disk / MIB,
                                          limit / MIB, self.over))

    def judge_memory(self):
        """After a fifth, the first turn of the ring at least."""
        steady = self.rows[len(self.rows) // 5:]
        hours = (steady[-1]["second"] - steady[0]["second"]) / 3600
        for what, allowed in (("memory", 1 << 20), ("rss_anon", 4 << 20)):
            values = [r[what] for r in steady]
            grown = slope([(r["second"], r[what]) for r in steady]) * \
                3600 * hours
            self.say("%s: %s %.2f to %.2f MiB after the first fifth; its line "
                     "rises by %.3f MiB in %.2f h" % (
                         self.name, what, min(values) / MIB,
                         max(values) / MIB, grown / MIB, hours))
            if grown > allowed:
                self.bad("%s grew by %.2f MiB" % (what, grown / MIB))

    def judge_clocks(self):
        first, last = min(self.drifts), max(self.drifts)
        spread = [d[1] for d in self.drifts]
        self.say("%s: times in the trace less CLOCK_MONOTONIC, %d marks: "
                 "%.1f us at %.0f s, %.1f us at %.0f s, %.1f to %.1f us; less "
                 "CLOCK_REALTIME %.1f us and %.1f us" % (
                     self.name, len(self.drifts), first[1] / 1e3, first[0],
                     last[1] / 1e3, last[0], min(spread) / 1e3,
                     max(spread) / 1e3, first[2] / 1e3, last[2] / 1e3))
        # A mark is put in after the clocks were read, 50 us at most.
        if max(spread) > 1000000 or min(spread) < -100000:
            self.bad("the trace's time is off by %d to %d ns" % (
                min(spread), max(spread)))


def size_of(text):
    unit = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}.get(text[-1:])
    return int(text[:-1]) * unit if unit else int(text)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--max-size", type=size_of, default=256 << 20)
    parser.add_argument("--dump-seconds", type=float)
    parser.add_argument("--only")
    parser.add_argument("--keep")
    options = parser.parse_args()
    options.build = os.path.abspath(options.build)
    options.folder = os.path.abspath(
        options.keep or os.path.join(options.build, "soak"))
    options.dump_seconds = options.dump_seconds or 60 * options.minutes / 6
    shutil.rmtree(options.folder, ignore_errors=True)
    os.makedirs(options.folder)
    os.environ["PYTHONPATH"] = os.path.join(options.build, "python")
    pythons = kills.interpreters()
    wanted = [("alloc", os.environ.get("PMT_PYTHON", pythons[0][1]), "alloc",
               "alloc")]
    if pythons[-1][0] >= (3, 13):
        wanted.append(("object-call", pythons[-1][1], "object",
                       "object,call"))
    say = Say(os.path.join(options.folder, "soak.log"))
    say("soak: %g minutes, max_size %.0f MiB, in %s" % (
        options.minutes, options.max_size / MIB, options.folder))
    soaks = [Soak(options, say, *words) for words in wanted
             if (options.only or "") in words[0]]
    for soak in soaks:
        soak.finish()
    problems = sum(len(soak.problems) for soak in soaks)
    say("%s: soak of %g minutes, %d programs, %d problems" % (
        "FAILED" if problems else "ok", options.minutes, len(soaks),
        problems))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
