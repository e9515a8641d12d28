#!/usr/bin/env python3
"""Every kept log cut at every byte, and with random bytes put in and over:
the converter neither crashes nor counts wrong.

    cuts.py COUNTS [--rounds N] [--step N] [FILE...]

COUNTS is the program made of tests/long/dtrace-counts.c. What is right is
counted here, from docs/dtrace.md's grammar and from what pymemtrace's scripts
print, line by line. Each log is also cut at its front.
"""
import argparse
import glob
import os
import random
import re
import struct
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
N = rb"(?:0*[0-9]{1,20})"
X = rb"0x[0-9a-f]{1,16}"
SITE = N + rb"\t[^\t]*\t[^\t]*"
FORMS = {b"malloc": (N, X, SITE), b"free": (X, SITE),
         b"realloc": (X, N, X, N, SITE), b"calloc": (N, N, X, SITE),
         b"memalign": (N, N, X, SITE), b"call": (rb"(?:-|%s)" % N, SITE),
         b"return": (rb"(?:-|%s)" % N, SITE), b"syscall": (rb"[^\t]+", SITE),
         b"sysret": (rb"[^\t]+", SITE), b"gc-start": (N,), b"gc-done": (N,)}
OURS = re.compile(b"|".join(
    rb"(?:%s\t%s\t%s\t%s%s\t%s)" % (
        N, N, N, rb"(?:raw:|mem:|obj:)?" if rb"lloc" in name or name in (
            b"free", b"memalign") else b"", name, rb"\t".join(fields))
    for name, fields in FORMS.items()), re.S)
ENDING = {b"malloc": b"pntr", b"calloc": b"pntr", b"free": None,
          b"_PyObject_Malloc": 1, b"_PyObject_Calloc": 1,
          b"_PyObject_Realloc": None, b"_PyObject_Free": None,
          b"_PyMem_RawMalloc": 1, b"_PyMem_RawCalloc": 1,
          b"_PyMem_RawRealloc": 1, b"_PyMem_RawFree": None}


def arguments(name):
    if name.endswith(b"ree"):
        return X
    if name.endswith(b"alloc") and b"Real" in name:
        return X + b", " + N
    return N + b", " + N if name.lower().endswith(b"calloc") else N


CALL = re.compile(rb"(?<![A-Za-z_])(?:" + b"|".join(
    b"(?P<n%d>%s)\\(%s\\)" % (i, name, arguments(name))
    for i, name in enumerate(ENDING)) + b")")
NAMES = list(ENDING)
END = re.compile(rb" (pntr|([A-Za-z_]+) returns) (%s)\Z" % X)
COLOUR = re.compile(rb"\x1b\[[0-9;]*m")
PLACE = re.compile(rb" *(%s) " % N)
FLOW = re.compile(rb" *%s +%s +%s +.*? (?:func|syscall) +(?:->|<-) " %
                  (N, b"(" + N + b")", N), re.S)
STACK = re.compile(rb" *(%s) +.*? (?:CALL +->|RTN +<-) " % N, re.S)


def small(text):
    """No number in it is too large for 64 bits."""
    return all(int(x) < 1 << 64 for x in re.findall(rb"[0-9]+", text))


class Count:
    """The events of a log, line by line."""

    def __init__(self):
        self.events, self.open, self.pids = 0, [], set()

    def line(self, line):
        if line.endswith(b"\r"):
            line = line[:-1]
        time = re.match(rb"([0-9]+)\t", line)
        if time and small(time.group(1)):
            if OURS.fullmatch(line) and numbers_fit(line):
                self.pids.add(int(line.split(b"\t")[1]))
                self.events += 1
        elif not self.half(line):
            self.flow(line)

    def end(self, m):
        kind = b"pntr" if m.group(1) == b"pntr" else m.group(2)
        fits = [o for o in self.open if o[0] == kind]
        if not fits:
            return
        self.open.remove(fits[-1])
        if len(fits) == 1 and not fits[0][1]:
            self.events += 1
        for o in fits[:-1]:
            o[1] = True

    def half(self, line):
        """True: a line of malloc's or the object allocator's."""
        m = END.match(line)
        if m and is_end(m):
            self.end(m)
            return True
        at, any_call = 0, False
        while at < len(line):
            m = CALL.search(line, at)
            while m and not small(m.group()):
                m = CALL.search(line, m.start() + 1)
            if not m:
                break
            place = PLACE.match(line[at:m.start()])
            if place and small(place.group(1)):
                self.pids.add(int(place.group(1)))
            elif len(self.pids) != 1:
                return True
            name = NAMES[int(m.lastgroup[1:])]
            at = m.end()
            if ENDING[name] is None:
                self.events += at == len(line) and name[-4:].lower() == b"free"
                return True
            any_call = True
            kind = b"pntr" if ENDING[name] == b"pntr" else name
            m = END.match(line[at:])
            if m and not is_end(m):
                m = None
            if m and (m.group(2) or b"pntr") == kind:
                self.events += 1
                return True
            self.open.append([kind, False])
            if m:
                self.end(m)
                return True
        if any_call and at < len(line):
            self.flow(line[at:])
        return any_call

    def flow(self, line):
        m = COLOUR.match(line)
        line = line[m.end():] if m else line
        if line.endswith(b"\x1b[0m"):
            line = line[:-4]
        m = FLOW.match(line)
        if m and numbers_small(line, 3):
            self.pids.add(int(m.group(1)))
            self.events += 1
            return
        m = STACK.match(line)
        if m and small(m.group(1)):
            self.pids.add(int(m.group(1)))
            self.events += 1


def is_end(m):
    return m.group(1) == b"pntr" or ENDING.get(m.group(2)) == 1


def numbers_small(line, n):
    return small(b" ".join(line.split(None, n)[:n]))


def numbers_fit(line):
    """Of a line of ours: all but the texts of the site and the name."""
    f = line.split(b"\t")
    own = f[:3] + (f[4:] if f[3][:3] == b"gc-" else f[4:-2])
    if f[3] in (b"syscall", b"sysret"):
        del own[3]
    return small(b" ".join(x for x in own if x[:2] != b"0x"))


def count(log):
    """(lines, is the last one cut, events)."""
    lines = log.split(b"\n")
    counting = Count()
    for line in lines[:-1]:
        counting.line(line)
    return len(lines) - (not lines[-1]), bool(lines[-1]), counting.events


def cuts(log, step):
    """(from, size, right) of the log up to each byte, counted once."""
    counting, lines, start = Count(), 0, 0
    for n in range(len(log) + 1):
        if n > 0 and log[n - 1] == 10:
            counting.line(log[start:n - 1])
            lines += 1
            start = n
        if n % step == 0 or n == len(log):
            yield 0, n, (lines + (n > start), n > start, counting.events)


def changed(log, rng):
    log = bytearray(log)
    for _ in range(rng.randrange(1, 40)):
        at, how = rng.randrange(len(log)), rng.randrange(3)
        byte = rng.choice((rng.randrange(256), rng.randrange(256),
                           rng.choice(b"\n\t 0x(),:->9")))
        if how == 0:
            log[at] = byte
        elif how == 1:
            log.insert(at, byte)
        else:
            log[at:at] = bytes(rng.randrange(256)
                               for _ in range(rng.randrange(1, 9)))
    return bytes(log)


class Tries:
    """Logs for the program, and what is right of each."""

    def __init__(self, file):
        self.file, self.right = file, []

    def log(self, log):
        self.file.write(struct.pack("<II", 0xffffffff, len(log)) + log)

    def take(self, begin, size, right, what):
        self.file.write(struct.pack("<II", begin, size))
        self.right.append((right, what))


def tries_of(tries, log, args, rng):
    tries.log(log)
    for begin, size, right in cuts(log, args.step):
        tries.take(begin, size, right, "cut at %d" % size)
    for _ in range(args.rounds):
        begin = rng.randrange(len(log))
        tries.take(begin, len(log) - begin, count(log[begin:]),
                   "from %d" % begin)
    for i in range(args.rounds):
        bad = changed(log, rng)
        tries.log(bad)
        tries.take(0, len(bad), count(bad), bad)


def check(path, args, rng):
    """How often the program was wrong."""
    with open(path, "rb") as file:
        log = file.read()
    with tempfile.TemporaryFile() as file:
        tries = Tries(file)
        tries_of(tries, log, args, rng)
        file.seek(0)
        done = subprocess.run([args.counts], stdin=file,
                              stdout=subprocess.PIPE)
    told = done.stdout.split(b"\n")[:-1]
    wrong = int(done.returncode != 0 or len(told) != len(tries.right))
    if wrong:
        print("%s: status %d after %d of %d" % (path, done.returncode,
                                                len(told), len(tries.right)))
    for line, ((lines, cut, events), what) in zip(told, tries.right):
        n = [int(x) for x in line.split()]
        if (n[0], n[4], n[5]) != (lines, cut, events):
            wrong += 1
            if isinstance(what, bytes):
                name = os.path.join(tempfile.gettempdir(), "cuts-wrong.log")
                with open(name, "wb") as file:
                    file.write(what)
                what = "changed, kept as " + name
            print("%s: %s: %d lines, cut %d, %d events; not %d, %d, %d" % (
                path, what, lines, cut, events, n[0], n[4], n[5]))
    print("%s: %d bytes, %d logs, %d wrong" % (
        os.path.relpath(path, TOP), len(log), len(tries.right), wrong))
    return wrong


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("counts")
    parser.add_argument("files", nargs="*")
    parser.add_argument("--rounds", type=int, default=2000)
    parser.add_argument("--step", type=int, default=1)
    parser.add_argument("--seed", type=int, default=7)
    args = parser.parse_args()
    files = args.files or sorted(
        glob.glob(os.path.join(HERE, "fixtures", "*.log")) +
        glob.glob(os.path.join(TOP, "dtrace", "examples", "*.txt")))
    rng = random.Random(args.seed)
    sys.exit(any([check(path, args, rng) for path in files]))


main()
