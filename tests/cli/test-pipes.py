#!/usr/bin/env python3
"""Every command that reads a trace takes it from standard input, and from a
named pipe, and says of it what it says of the file: also where that takes
several passes, as for a mark or the peak; and one command's trace is another's
input."""

import os
import re
import subprocess
import threading

import kit

checks = kit.Checks()
kit.scratch()

PROGRAM = """
import pmtrace


def make(n):
    return [bytes(500) for _ in range(n)]


first = make(50)
pmtrace.mark("warm")
kept = make(100)
gone = make(400)
del gone
pmtrace.mark("done")
"""


def record(path, mode):
    return kit.record(path, PROGRAM, mode=mode)


# FILE stands for the trace; all of them print to standard output.
READS = (
    "top FILE", "top FILE@mark:done", "top FILE@peak", "top FILE@exit",
    "top --high-water FILE", "top --from mark:warm --to mark:done FILE",
    "top --every 0.01 FILE", "live FILE", "live FILE@mark:done",
    "live FILE@peak", "live FILE@exit", "live --growth FILE",
    "live --survivors FILE", "live --list FILE@mark:done",
    "diff --json FILE@mark:warm FILE@mark:done", "diff --json FILE other.pmt",
    "diff --json other.pmt@mark:warm FILE@mark:warm",
    "diff --json FILE@mark:warm FILE@mark:done FILE",
    "dump --json FILE", "info --json FILE", "check FILE",
    "filter --from mark:warm --to mark:done FILE", "filter FILE",
    "filter 'alive at peak' FILE", "filter --count 'lived < 1ms' FILE",
    "merge -o - FILE", "archive -o - FILE", "recover -o - FILE",
    "plot --data - -c live FILE",
)


def words_of(line, name):
    words = [word[1:-1] if word.startswith("'") else word
             for word in re.findall(r"'[^']*'|\S+", line)]
    return [word.replace("FILE", name) for word in words]


# Where the file stood, and what a pipe has not: a size known at first.
def plain(output, name):
    for one in (name, "standard input", "-"):
        output = output.replace(b'"name":"%s' % one.encode(), b'"name":"FILE')
        for key in (b"trace", b"alive_at"):
            output = output.replace(b'"%s":"%s"' % (key, one.encode()),
                                    b'"%s":"FILE"' % key)
        output = output.replace(b"%s:" % one.encode(), b"FILE:")
    output = re.sub(rb'"(file_|)bytes":\d+,"index[^,]*,', b"", output)
    return output


def check_reads(path):
    data = kit.read(path)
    for line in READS:
        want = kit.run(*words_of(line, path))
        checks.true(want.status == 0 and want.out and not want.err, want)
        reader, writer = os.pipe()
        feeder = threading.Thread(target=feed, args=(writer, data))
        feeder.start()
        got = kit.run(*words_of(line, "-"), stdin=reader)
        os.close(reader)
        feeder.join()
        checks.equal((got.status, got.err), (0, ""), got)
        if line.startswith("info"):
            continue            # how it was read differs, as it should
        checks.true(plain(got.out, path) == plain(want.out, path),
                    "%s from a pipe\n%s\n%s" % (line, got, want))


def feed(writer, data):
    try:
        with os.fdopen(writer, "wb") as file:
            file.write(data)
    except BrokenPipeError:
        pass


def check_named(path):
    """A FIFO can be opened once only."""
    os.mkfifo("fifo")
    data = kit.read(path)
    for line in ("top FILE@mark:done", "live FILE@peak",
                 "filter 'alive at peak' FILE"):
        feeder = threading.Thread(
            target=lambda: feed(os.open("fifo", os.O_WRONLY), data))
        feeder.start()
        got = kit.run(*words_of(line, "fifo"))
        feeder.join()
        want = kit.run(*words_of(line, path))
        checks.equal((got.status, got.err), (0, ""), got)
        checks.true(got.out.replace(b"fifo", path.encode()) == want.out,
                    (line, got))


def shell(line):
    path = os.path.dirname(os.path.abspath(kit.PMT)) + ":" + os.environ["PATH"]
    done = subprocess.run(line, shell=True, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE,
                          env=dict(os.environ, PATH=path))
    checks.true(done.returncode == 0 and not done.stderr, (line, done))
    return done.stdout


def check_chains(path):
    """What a filter gives is what the next command reads."""
    kit.run("filter", "-o", "large.pmt", "size >= 500", path)
    for line in ("live --json FILE", "top --json FILE@peak",
                 "diff --json FILE other.pmt", "dump --json FILE",
                 "plot --data - -c live FILE", "merge -o - FILE other.pmt"):
        piped = shell("pmt filter 'size >= 500' %s | pmt %s" % (
            path, line.replace("FILE", "-")))
        want = kit.run(*words_of(line, "large.pmt")).out
        checks.true(plain(piped, "large.pmt") == plain(want, "large.pmt"),
                    line)
    checks.equal(shell("pmt filter 'size >= 500' %s | pmt filter 'size < 600' "
                       "- | pmt dump --json -" % path),
                 shell("pmt filter 'size >= 500 and size < 600' %s | pmt dump "
                       "--json -" % path), "two filters")


def check_room(path):
    """No room for a copy: it is said, and nothing is left behind."""
    os.makedirs("empty", exist_ok=True)
    before = os.listdir("empty")
    for folder in ("empty", "no/such/folder"):
        done = subprocess.run([kit.PMT, "top", "-@peak"],
                              input=kit.read(path), stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE,
                              env=dict(os.environ, TMPDIR=folder))
        good = folder == "empty"
        checks.true((done.returncode == 0) == good and
                    bool(done.stdout) == good, (folder, done))
    checks.true(b"pmt-top: standard input: " in done.stderr, done)
    checks.equal(os.listdir("empty"), before, "nothing is left")


path = record("a.pmt", "alloc")
record("other.pmt", "alloc")
check_reads(path)
check_named(path)
check_chains(path)
check_room(path)
checks.finish()
