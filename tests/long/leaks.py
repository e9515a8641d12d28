#!/usr/bin/env python3
"""How well do `pmt live --growth` and `pmt diff` find leaks? Records the
programs of tests/python/leaks under several interpreters and in several ways,
and counts:

  growth  programs with a leak whose first line is a steady leak, and is one of
          the lines marked # LEAK
  beside  lines called a steady leak that are not marked, in such programs
  late    programs for whose marks "early" and "late" (without marks half of the
          time, and the end) `pmt diff --by own` has a marked line first
  end     the same for "early" and no moment, which is where the program ends
  false   programs without a leak of which a line is called a steady leak

    leaks.py --build build [--sets second,third] [--modes alloc,sampled,object]
             [--programs WORD] [--keep FOLDER] PYTHON...

With --keep the traces stay in FOLDER, and those that are there are not
recorded again.

Prints each miss, and a table. Status 1 when in a set, of any interpreter and of
the modes that --judge names (alloc), `growth` or `late` missed more than one of
30, or more than one of 20 were called a leak; one is allowed of smaller sets,
too. --every 3 takes each third program of a set.
"""

import argparse
import concurrent.futures
import glob
import json
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
CORPUS = os.path.join(os.path.dirname(HERE), "python", "leaks")
MODES = {"alloc": [], "object": ["--mode", "object", "--object-frames", "8"],
         "sampled": ["--sample-bytes", "4096"]}


def programs(which, kind, word):
    found = glob.glob(os.path.join(CORPUS, which, kind, "*.py"))
    return sorted(p for p in found if word in os.path.basename(p))


def run(words, env=None):
    done = subprocess.run(words, env=env, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=300)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


class Case:
    """One program, recorded by one interpreter in one mode."""

    def __init__(self, options, python, mode, path):
        self.pmt = os.path.join(options.build, "bin", "pmt")
        self.python, self.mode, self.path = python, mode, path
        self.leaks = os.sep + "leaking" + os.sep in path
        self.name = os.path.basename(path)[:-3]
        self.trace = os.path.join(options.folder, "%s-%s-%s-%s.pmt" % (
            path.split(os.sep)[-3], self.name, mode, options.version))
        self.package = os.path.join(options.build, "python")
        self.kept = options.keep
        self.misses = []
        with open(path, encoding="utf-8") as file:
            self.marked = []
            for number, line in enumerate(file, 1):
                at = re.search("# LEAK(?:: \"(.+)\", line ([0-9]+))?$", line)
                if at and not line.startswith("#"):
                    self.marked.append((at.group(1) or path,
                                        int(at.group(2) or number)))

    def is_true(self, row):
        """A mark may name the file that exec() was given."""
        return any(row["name"].startswith("%s:%d " % line)
                   for line in self.marked)

    def rows(self, *words):
        status, out, err = run([self.pmt] + list(words))
        if status not in (0, 1):
            raise RuntimeError("%s: %s" % (" ".join(words), err))
        lines = [json.loads(line) for line in out.splitlines()]
        return lines[0] if lines else {}, [x for x in lines[1:]
                                           if x["row"] == "own"]

    def moments(self, head, rows):
        status, out, _ = run([self.pmt, "dump", "--json", "--kind", "mark",
                              self.trace])
        if '"text":"early"' in out:
            return "@mark:early", "@mark:late"
        last = head["exit_ns"] or head["time_ns"]
        return ("@%.9fs" % ((rows[0]["from_ns"] + last) / 2e9),
                "@%.9fs" % (last / 1e9))

    def record(self):
        if self.kept and os.path.exists(self.trace):
            return
        status, out, err = run(
            [self.python, "-m", "pmtrace", "-f", "-o", self.trace]
            + MODES[self.mode] + [self.path],
            dict(os.environ, PYTHONPATH=self.package,
                 PYTHONDONTWRITEBYTECODE="1"))
        if status != 0:
            raise RuntimeError("%s: %s" % (self.name, err))

    def judge(self):
        self.record()
        head, rows = self.rows("live", "--growth", "--by", "own", "--json",
                               "-n", "100000", self.trace)
        called = [row for row in rows if row["verdict"] == "leak"]
        if self.leaks:
            self.judge_leak(head, rows, called)
        elif called:
            self.misses.append(("false", self.describe(called)))
        if not self.kept:
            os.unlink(self.trace)
        return self

    def judge_leak(self, head, rows, called):
        if not rows or rows[0] not in called or not self.is_true(rows[0]):
            self.misses.append(("growth", self.describe(rows)))
        for row in called:
            if not self.is_true(row):
                self.misses.append(("beside", self.describe([row])))
        early, late = self.moments(head, rows)
        for which, to in (("late", late), ("end", "")):
            _, changes = self.rows("diff", "--json", "--by", "own", "-n", "3",
                                   self.trace + early, self.trace + to)
            if not changes or not self.is_true(changes[0]):
                self.misses.append((which, "; ".join(
                    "%+d %s" % (row["bytes_diff"], self.short(row))
                    for row in changes)))

    def short(self, row):
        return row["name"].rsplit("/", 1)[-1]

    def describe(self, rows):
        true = [row for row in rows if self.is_true(row)][:1]
        return "; ".join("%s %s %d B %d" % (
            row["verdict"], self.short(row), row["bytes"], row["count"])
            for row in rows[:2] + [row for row in true if row not in rows[:2]])


def label(python):
    return run([python, "-c", "import platform; "
                "print(platform.python_version())"])[1].strip()


def versions_of(python):
    return tuple(int(part) for part in label(python).split(".")[:3])


COLUMNS = ("growth", "beside", "late", "end", "false")


def count(cases, which):
    return sum(1 for case in cases for miss in case.misses
               if miss[0] == which)


def line_of(cases):
    leaking = sum(case.leaks for case in cases)
    sound = len(cases) - leaking
    cells = []
    for which in COLUMNS:
        wrong = count(cases, which)
        if which == "beside":
            cells.append("%d" % wrong)
        elif which == "false":
            cells.append("%d of %d" % (wrong, sound))
        else:
            cells.append("%d of %d" % (leaking - wrong, leaking))
    return cells


def too_many(cases):
    leaking = sum(case.leaks for case in cases)
    allowed = {"growth": leaking / 30, "late": leaking / 30,
               "false": (len(cases) - leaking) / 20}
    return any(count(cases, which) > max(1, most)
               for which, most in allowed.items())


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", default="build")
    parser.add_argument("--sets", default="first,second,third")
    parser.add_argument("--modes", default="alloc,sampled,object")
    parser.add_argument("--judge", default="alloc")
    parser.add_argument("--programs", default="", metavar="WORD")
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--keep", metavar="FOLDER")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("pythons", nargs="+")
    options = parser.parse_args()
    options.build = os.path.abspath(options.build)
    options.folder = options.keep or tempfile.mkdtemp()
    bad = False
    table = []
    for which in options.sets.split(","):
        paths = (programs(which, "leaking", options.programs)
                 + programs(which, "sound", options.programs))
        paths = paths[::options.every]
        for python in options.pythons:
            options.version = label(python)
            for mode in options.modes.split(","):
                if mode == "object" and versions_of(python) < (3, 13, 3):
                    continue
                cases = [Case(options, python, mode, path) for path in paths]
                with concurrent.futures.ThreadPoolExecutor(
                        options.jobs) as pool:
                    cases = list(pool.map(Case.judge, cases))
                for case in cases:
                    for kind, text in case.misses:
                        print("%s %s %s: %s: %s" % (
                            label(python), mode, kind, case.name, text))
                table.append([which, label(python), mode] + line_of(cases))
                if mode in options.judge.split(","):
                    bad |= too_many(cases)
                sys.stdout.flush()
    head = ["set", "python", "mode"] + list(COLUMNS)
    print()
    for row in [head] + table:
        print("".join("%-10s" % cell for cell in row).rstrip())
    sys.exit(1 if bad else 0)


main()
