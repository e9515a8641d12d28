#!/usr/bin/env python3
"""Where the product of a command can't go, for every command that prints, in
each of its ways: no room on standard output or at -o (/dev/full) is status 2
and one line; a reader that has gone, as of `| head -1`, ends the command by
SIGPIPE without a word, also where its parent ignores that signal; a standard
output that is closed is status 2."""

import os
import signal
import subprocess

import kit

checks = kit.Checks()
kit.scratch()
NAMES = subprocess.run([kit.PMT, "--list-commands"], check=True,
                       stdout=subprocess.PIPE).stdout.decode().split()
# By command: ways to print on standard output (-o is left to the test).
WAYS = {
    "info": [[], ["--json"], ["--all"], ["--tree"], ["--digest"]],
    "dump": [[], ["--json"], ["--kind", "mark"]],
    "check": [[], ["--json"]],
    "live": [[], ["--json"], ["--list"], ["--pairs"], ["--survivors"],
             ["--growth", "-v"], ["--list", "--json"]],
    "top": [[], ["--json"], ["--by", "size"], ["--high-water"]],
    "diff": [["zero.pmt"], ["--json", "zero.pmt"]],
    "filter": [[], ["--count"], ["--count", "--json"], ["kind == mark"]],
    "merge": [[], ["b.pmt"]],
    "recover": [["-o", "-"]],
    "archive": [["-o", "-"], ["--verify"], ["--verify", "--json"]],
    "plot": [["--data", "-"], ["--terminal"], ["--json"], ["--script", "-"]],
    "dtrace": [["scripts"], ["scripts", "malloc.d"]],
}
SILENT = {"record", "attach", "detach", "sample"}   # print nothing of their own
# What is more than a pipe holds, so that the reader's going is noticed.
LARGE = {
    "info": ["--json"] + ["zero.pmt"] * 100, "dump": ["a.pmt"],
    "check": ["--json"] + ["zero.pmt"] * 300,
    "live": ["--list", "-n", "100000", "a.pmt"],
    "top": ["-n", "100000", "--by", "site", "--json"] + ["zero.pmt", "a.pmt"],
    "diff": ["-n", "100000", "--by", "site", "zero.pmt", "a.pmt"],
    "filter": ["a.pmt"], "merge": ["a.pmt"],
    "recover": ["-o", "-", "a.pmt"], "archive": ["-o", "-", "a.pmt"],
    "plot": ["--script", "-", "a.pmt"], "dtrace": ["scripts", "malloc.bt"],
}


def operands(name):
    return [] if name == "dtrace" else ["a.pmt"]


def run(name, args, stdout, **how):
    return subprocess.run([kit.PMT, name] + args, stdout=stdout,
                          stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
                          timeout=60, **how)


def check_full(name, args):
    with open("/dev/full", "wb") as full:
        done = run(name, args, full)
    checks.true(done.returncode == 2 and done.stderr.count(b"\n") == 1 and
                done.stderr.startswith(b"pmt-%s: " % name.encode()) and
                b"No space left on device" in done.stderr, done)
    before = sorted(os.listdir("."))
    done = subprocess.run(["sh", "-c", '"$@" >&-', "sh", kit.PMT, name] + args,
                          stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
    checks.true(done.returncode == 2 and done.stderr.count(b"\n") == 1, done)
    checks.equal(sorted(os.listdir(".")), before, "files after %s" % done)


def check_full_file(name, args):
    if "-o" in args or "--verify" in args:
        args = [arg for arg in args if arg not in ("-o", "-")]
        if "--verify" in args:
            return
    done = run(name, ["-o", "/dev/full"] + args, subprocess.PIPE)
    checks.true(done.returncode == 2 and not done.stdout and
                done.stderr.count(b"\n") == 1 and
                b"No space left on device" in done.stderr, done)


def check_gone(name, args, large):
    """The other end of the pipe is closed before anything is written."""
    for ignored in (False, True):
        read_end, write_end = os.pipe()
        os.close(read_end)
        done = run(name, args, write_end, restore_signals=not ignored)
        os.close(write_end)
        checks.true(done.returncode == -signal.SIGPIPE and not done.stderr,
                    "SIGPIPE ignored: %s: %s" % (ignored, done))
    if large:
        done = subprocess.run(
            ["bash", "-c", '"$@" | head -1; echo "${PIPESTATUS[0]}" >status',
             "bash", kit.PMT, name] + args, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
        status = int(kit.read("status"))
        checks.true(done.stdout and not done.stderr and
                    status in (0, 128 + signal.SIGPIPE), (done, status))


# ---- the traces --------------------------------------------------------------

def large(m):
    trace, s = m.begin()
    m.tables(s)
    for i in range(1500):
        rows = m.alloc_rows()
        for row in rows:
            row["t"] += 100 * i
            if "address" in row:
                row["address"] += 0x10000 * i
        s.alloc(rows)
        m.marks(s, "mark %d" % i, t=100 * i + 99)
    s.end(t=200000)
    trace.index()
    return trace


def small(m):
    trace, s = m.begin()
    m.tables(s)
    s.alloc(m.alloc_rows())
    s.end(t=200)
    trace.index()
    return trace


kit.write("a.pmt", kit.make(large)[0])
kit.write("b.pmt", kit.make(large)[0])
kit.write("zero.pmt", kit.make(small)[0])
checks.equal(sorted(set(WAYS) | SILENT), sorted(NAMES), "every command")
for command, ways in WAYS.items():
    page = subprocess.run([kit.PMT, command, "-h"], check=True,
                          stdout=subprocess.PIPE).stdout.decode()
    for way in ways:
        line = way + operands(command)
        check_full(command, line)
        if "--output=" in page and command != "dtrace" and not (
                command == "plot" and way[0] in ("--data", "--script")):
            check_full_file(command, line)
        check_gone(command, line, False)
    check_gone(command, LARGE[command], True)
for command in SILENT:
    done = run(command, ["-h"], subprocess.PIPE)
    checks.true(done.returncode == 0, done)
    read_end, write_end = os.pipe()
    os.close(read_end)
    done = run(command, ["-h"], write_end)
    os.close(write_end)
    checks.true(done.returncode == -signal.SIGPIPE and not done.stderr, done)
checks.finish()
