"""kill -9 at a random instant, 100 times (PMT_KILLS) in each mode: every trace can be
read, and every record that the program is known to have made is there.

The program counts what it has made in a shared page. Interpreters take turns.
"""
# RUN: once
# MODE: alloc,object

import concurrent.futures
import os
import random
import re
import signal
import struct
import subprocess
import time

from recorder_support import FOLDER, check, finish, path, run
from oracle.support import HERE, built_interpreters

KILLS = int(os.environ.get("PMT_KILLS", "100"))
PAGE_BYTES = 1 << 20

# Chunks from tiny to the default: the shorter, the more often a kill falls
# between the two steps of writing one. No event is dropped for want of a
# buffer, so all that was made must be there.
SETTINGS = (["--chunk-records", "20", "--segments", "4"],
            ["--chunk-records", "500", "--segments", "4", "--level", "3"],
            ["--chunk-records", "5000"],
            [])


def words(trace, kind):
    return run(["pmt", "dump", "--json", "--kind", kind, trace])


def known_alloc(page, dumped):
    """(made, in the trace, what is missing)"""
    made = struct.unpack_from("=Q", page)[0]
    sizes = {int(s) for s in
             re.findall(r'"size":(6\d{5})\b', dumped)}
    # bytearray asks for a little more than its length (from 3.15 with the
    # head of a bytes object).
    extra = min(sizes) - 600000 if sizes else 0
    lost = [n for n in range(made) if 600000 + n + extra not in sizes]
    return made, len(sizes), lost if 0 <= extra < 64 else ["extra %d" % extra]


def known_object(page, dumped):
    made = struct.unpack_from("=Q", page)[0]
    wanted = ["0x%x" % a for a in struct.unpack_from("=%dQ" % made, page, 8)]
    found = []
    type_id = re.search(r'"kind":"type",[^\n]*"id":(\d+),'
                        r'"name":"[^"\n]*\bKnown"', dumped)
    if type_id:
        found = [part[part.index('"0x') + 1:].split('"', 1)[0]
                 for part in dumped.split('"op":"create","type":%s,'
                                          % type_id.group(1))[1:]]
    lost = [i for i, pair in enumerate(zip(wanted, found + [None] * made))
            if pair[0] != pair[1]]
    return made, len(found), lost[:5] if lost else []


class Kill:
    """One process that is recorded and killed."""

    def __init__(self, number, mode, python):
        self.mode = mode
        self.name = path("%s-%d.pmt" % (mode, number))
        self.page_name = path("%s-%d.page" % (mode, number))
        self.random = random.Random(number * 2 + (mode == "object"))
        self.options = SETTINGS[number % len(SETTINGS)]
        self.python = python
        self.problems = []

    def bad(self, text):
        self.problems.append("%s %s %s: %s" % (
            self.mode, self.python, " ".join(self.options), text))

    def kill(self):
        """Kills it up to 0.08 s after the first thing it is known to have
        made, sometimes at once."""
        with open(self.page_name, "wb") as file:
            file.truncate(PAGE_BYTES)
        process = subprocess.Popen(
            ["pmt", "record", "-o", self.name, "--mode", self.mode,
             "--when-full", "wait"] + self.options +
            ["--", self.python,
             os.path.join(HERE, "kill_%s.py" % self.mode), self.page_name],
            stderr=subprocess.PIPE)
        until = time.monotonic() + 60
        with open(self.page_name, "rb", 0) as file:
            while time.monotonic() < until and process.poll() is None and \
                    os.pread(file.fileno(), 8, 0) == bytes(8):
                time.sleep(0.004)
        time.sleep(self.random.random() ** 2 * 0.08)
        process.send_signal(signal.SIGKILL)
        err = process.communicate()[1].decode()
        if process.returncode != -signal.SIGKILL or err:
            self.bad("status %s, %s" % (process.returncode, err[-300:]))
        with open(self.page_name, "rb") as file:
            self.page = file.read()

    def look(self):
        """Whether all is there, before and after pmt recover."""
        known = known_alloc if self.mode == "alloc" else known_object
        checked = run(["pmt", "check", self.name])
        if checked.status != 0 and not only_truncated(checked.out):
            self.bad("pmt check: %s %s%s" % (
                checked.status, checked.out, checked.err))
        live = run(["pmt", "live", "--json", self.name])
        if live.status != 0 or (live.err and "truncated" not in live.err):
            self.bad("pmt live: %s %s" % (live.status, live.err))
        dumped = words(self.name, self.mode)
        self.made, self.found, lost = known(self.page, dumped.out)
        if dumped.status != 0 or lost:
            self.bad("of %d made %d are there; missing: %s; dump says %s %s"
                     % (self.made, self.found, lost[:5], dumped.status,
                        dumped.err))
        whole = self.name + ".whole"
        recovered = run(["pmt", "recover", "-o", whole, self.name])
        checked = run(["pmt", "check", whole])
        if recovered.status != 0 or checked.status != 0 or \
                "sound" not in checked.out:
            self.bad("pmt recover: %s %s; check: %s" % (
                recovered.status, recovered.err, checked.out))
        again = words(whole, self.mode)
        # The same lines, and then how it ended.
        if not again.out.startswith(dumped.out) and \
                records(again.out) != records(dumped.out):
            self.bad("pmt recover: other records")
        if self.problems:
            return
        for name in (self.name, self.name + ".journal", self.page_name,
                     whole):
            os.unlink(name)

    def run(self):
        self.kill()
        self.look()
        return self


def only_truncated(text):
    """True when each line but the last says truncated or incomplete."""
    lines = text.splitlines()
    return bool(lines) and all(
        ": truncated" in line or ": incomplete" in line or
        "truncated" in line.split(":", 1)[-1] for line in lines[:-1])


def records(text):
    """The lines of records alone."""
    return [line for line in text.splitlines()
            if '"ordinal"' in line]


def main():
    pythons = built_interpreters()
    modern = [p for v, p in pythons if v >= (3, 13)]
    todo = [Kill(i, "alloc", pythons[i % len(pythons)][1])
            for i in range(KILLS)]
    if modern:
        todo += [Kill(i, "object", modern[i % len(modern)])
                 for i in range(KILLS)]
    else:
        print("mode object: no CPython 3.13 or later")
    made = {"alloc": 0, "object": 0}
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for kill in pool.map(Kill.run, todo):
            made[kill.mode] += kill.made
            for problem in kill.problems:
                check(False, problem)
    print("%d kills of %d interpreters; records known to be made: %s"
          % (len(todo), len(pythons), made))
    check(made["alloc"] > 10 * KILLS, "too few to tell")
    finish()


main()
