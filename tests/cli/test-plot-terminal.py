#!/usr/bin/env python3
"""pmt plot --terminal: as wide as the terminal or COLUMNS, colours on a
terminal alone, ASCII where the locale is not UTF-8; every kind of chart; and
outputs of pmt plot that nobody reads or that are full."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
import unicodedata

import kit
import plot_traces

checks = kit.Checks()
kit.scratch()
g = kit.generator()
SPOKEN = {"LC_ALL": "C.UTF-8", "TERM": "xterm"}
ESCAPE = re.compile("\x1b\\[[0-9;]*m")


def environment(more):
    base = {key: value for key, value in os.environ.items()
            if key not in ("COLUMNS", "LINES", "NO_COLOR", "LC_ALL",
                           "LC_CTYPE", "LANG", "TERM")}
    return dict(base, **more)


def piped(args, **more):
    done = subprocess.run([kit.PMT, "plot", "--terminal"] + args,
                          env=environment(more), stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, check=False)
    checks.equal((done.returncode, done.stderr), (0, b""), args)
    return done.stdout.decode("utf-8")


def on_terminal(args, columns, rows, **more):
    """What it prints on a terminal of that size."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ,
                struct.pack("HHHH", rows, columns, 0, 0))
    process = subprocess.Popen([kit.PMT, "plot", "--terminal"] + args,
                               env=environment(more), stdout=slave)
    os.close(slave)
    out = b""
    while True:
        try:
            block = os.read(master, 65536)
        except OSError:     # all ends are closed
            break
        if not block:
            break
        out += block
    os.close(master)
    checks.equal(process.wait(), 0, args)
    return out.decode("utf-8").replace("\r\n", "\n")


def width(line):
    return sum(0 if unicodedata.combining(c) else
               2 if unicodedata.east_asian_width(c) in "WF" else 1
               for c in line)


def widest(text):
    return max(map(width, ESCAPE.sub("", text).split("\n")))


def check_widths(kind, args):
    for columns in (20, 60, 80, 120, 200):
        text = piped(args, COLUMNS=str(columns), **SPOKEN)
        checks.true(columns - 3 <= widest(text) <= columns,
                    "%s: %d of %d columns" % (kind, widest(text), columns))
    text = piped(args, **SPOKEN)
    checks.true(77 <= widest(text) <= 80, "%s: 80 in a pipe" % kind)
    checks.true("\x1b" not in text, "%s: no colours in a pipe" % kind)
    checks.true(re.search("[\u2580-\u259f\u2800-\u28ff]", text),
                "%s: blocks or braille" % kind)
    for more in ({}, {"LC_ALL": "C"}, {"LANG": "de_DE.ISO-8859-1"}):
        text = piped(args, **more)
        checks.true(text.isascii() and "|" in text, "%s: %r" % (kind, more))


def check_terminal(kind, args):
    text = on_terminal(args, 97, 40, **SPOKEN)
    checks.true(94 <= widest(text) <= 97, "%s: the terminal's width" % kind)
    checks.true("\x1b[0;38;5;" in text, "%s: colours" % kind)
    checks.true(set(re.findall("\x1b(.)", text)) == {"["} and
                not ESCAPE.sub("", text).count("\x1b"), kind)
    for line in text.split("\n"):
        checks.true(not line.count("\x1b") or
                    ESCAPE.findall(line)[-1] == "\x1b[0m",
                    "%s: the colour ends with the line: %r" % (kind, line))
    plain = on_terminal(args, 97, 40, NO_COLOR="1", **SPOKEN)
    checks.true("\x1b" not in plain, "%s: NO_COLOR" % kind)
    checks.true("\x1b[" in on_terminal(args, 97, 40, NO_COLOR="", **SPOKEN),
                "%s: an empty NO_COLOR says nothing" % kind)
    checks.true("\x1b" not in on_terminal(args, 97, 40, LC_ALL="C.UTF-8",
                                          TERM="dumb"), kind)


def check_height():
    """What fits is as high as the terminal, but for the prompt."""
    args = ["-c", "live", "live.pmt"]
    checks.equal(on_terminal(args, 160, 40, **SPOKEN).count("\n"), 39, "40")
    checks.true(on_terminal(args, 160, 30, **SPOKEN).count("\n") <= 29, "30")


def check_outputs():
    """No reader: quiet; no room: one line, status 2."""
    for args in (["--data", "-"], ["--json"], ["--terminal"],
                 ["--script", "-"], ["--format", "svg"]):
        command = [kit.PMT, "plot"] + args + ["rss.pmt"]
        done = subprocess.run(["sh", "-c", '"$@" | head -n 1', "sh"] + command,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              check=False)
        checks.equal((done.returncode, done.stderr), (0, b""), args)
        checks.equal(done.stdout.count(b"\n"), 1, args)
        with open("/dev/full", "wb") as full:
            done = subprocess.run(command, stdout=full,
                                  stderr=subprocess.PIPE, check=False)
        checks.equal((done.returncode, done.stderr.count(b"\n")), (2, 1),
                     (args, done.stderr))


for chart, (makers, options) in plot_traces.CHARTS.items():
    names = [chart + "-new" * bool(i) + ".pmt" for i in range(len(makers))]
    for maker, name in zip(makers, names):
        kit.write(name, maker(g))
    check_widths(chart, ["-c", chart] + options + names)
    check_terminal(chart, ["-c", chart] + options + names)
check_height()
check_outputs()
checks.finish()
