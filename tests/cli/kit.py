"""What the tests of the reading commands share.

Expected values come from spec/generator/, which writes each trace from rows of
its own together with the JSON lines that a reader must print: no code of libpmt
is in it.
"""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import types

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                os.pardir, "spec"))
import common  # noqa: E402

PMT = common.pmt() or common.skip("no pmt is built")
PYTHON = os.environ.get("PMT_PYTHON") or sys.executable
DECODE = os.path.join(common.SPEC, "decode.py")  # the independent reader
# Makes traces by numbers: tests/unit/test-trace-maker.c.
MAKER = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(PMT))),
                     "tests", "unit", "test-trace-maker")

RECORDS = ("call line object alloc sample heap snapshot mark gc loss "
           "live process").split()
TABLES = "code cfunction type stack thread class".split()


class Done:
    """A command that has ended."""

    def __init__(self, args, status, out, err, rss_bytes):
        self.args, self.status, self.rss_bytes = args, status, rss_bytes
        self.out, self.err = out, err.decode("utf-8", "replace")

    def text(self):
        return self.out.decode("utf-8")

    def lines(self):
        return self.text().splitlines()

    def json(self):
        return [json.loads(line) for line in self.out.splitlines()]

    def __str__(self):
        return "%s\n  status %d\n  stdout %r\n  stderr %r" % (
            " ".join(map(str, self.args)), self.status, self.out[:400],
            self.err[:400])


def run(*args, stdin=subprocess.DEVNULL, data=None, stdout=None, timeout=60):
    """`pmt ARGS`; `data` are the bytes of its standard input."""
    with contextlib.ExitStack() as stack:
        if data is not None:
            stdin = stack.enter_context(tempfile.TemporaryFile())
            stdin.write(data)
            stdin.seek(0)
        out = stdout or stack.enter_context(tempfile.TemporaryFile())
        err = stack.enter_context(tempfile.TemporaryFile())
        process = subprocess.Popen([PMT] + list(args), stdin=stdin,
                                   stdout=out, stderr=err)
        stack.callback(process.poll)
        alarm = stack.enter_context(Alarm(process, timeout))
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status) \
            if hasattr(os, "waitstatus_to_exitcode") else exit_code(status)
        alarm.stop()
        err.seek(0)
        if stdout is None:
            out.seek(0)
        return Done(args, process.returncode,
                    b"" if stdout else out.read(), err.read(),
                    usage.ru_maxrss * 1024)


def exit_code(status):
    if os.WIFSIGNALED(status):
        return -os.WTERMSIG(status)
    return os.WEXITSTATUS(status)


class Alarm:
    """Kills a process that takes too long."""

    def __init__(self, process, seconds):
        self.timer = threading.Timer(seconds, process.kill)

    def __enter__(self):
        self.timer.start()
        return self

    def stop(self):
        self.timer.cancel()

    def __exit__(self, *_):
        self.stop()


def sanitized():
    """Is the program built with a sanitizer, whose memory is not ours?"""
    with open(PMT, "rb") as file:
        return b"__asan_init" in file.read()


class Checks(common.Failures):
    """Counts what was looked at and what was wrong."""

    def __init__(self):
        super().__init__()
        self.done = 0

    def true(self, condition, what):
        self.done += 1
        if not condition:
            self.add(str(what))

    def equal(self, got, want, what):
        self.done += 1
        if got == want:
            return
        if isinstance(got, list) and isinstance(want, list):
            where = [i for i, (a, b) in enumerate(zip(got, want)) if a != b]
            at = where[0] if where else min(len(got), len(want))
            what = "%s: item %d of %d, expected %d" % (
                what, at, len(got), len(want))
            got, want = got[at:at + 1], want[at:at + 1]
        self.add("%s\n    expected %s\n    got      %s" % (
            what, str(want)[:400], str(got)[:400]))

    def finish(self):
        if not self.done:
            self.add("nothing was checked")
        self.end("%d checks" % self.done)


def write(path, data):
    with open(path, "wb") as file:
        file.write(data)
    return path


def read(path):
    with open(path, "rb") as file:
        return file.read()


def scratch():
    """Goes to the test's own folder."""
    os.chdir(os.environ.get("TMPDIR") or tempfile.mkdtemp())


def python_env():
    """The environment in which PYTHON finds the package."""
    return dict(os.environ,
                PYTHONPATH=os.path.join(os.environ["PMT_BUILD"], "python"))


def record(path, source, *args, mode=None, env=None):
    """The trace of `app.py ARGS`, which this writes; skips where nothing can
    be recorded."""
    write("app.py", source.encode())
    options = ["--mode", mode] if mode else []
    done = subprocess.run(
        [PMT, "record", "-f", "-o", path] + options +
        ["--", sys.executable, "app.py"] + list(map(str, args)), env=env,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=100)
    if done.returncode:
        common.skip("can't record here: %s" % done.stdout[-200:])
    return path


def generator():
    """The parts of the vectors' generator, under one name."""
    sys.path.insert(0, common.SPEC)
    from generator import encode, parts, stream
    del sys.path[0]
    names = {}
    for module in (encode, stream, parts):
        names.update(vars(module))
    return types.SimpleNamespace(**names)


def make(build):
    """The bytes and lines of a trace that `build(generator())` returns."""
    trace = build(generator())
    return bytes(trace.data), [json.dumps(line, separators=(",", ":")).encode()
                               for line in trace.lines]


class Parts:
    """Which `stream` lines begin a stream (5.3); the others go on with it."""

    def __init__(self):
        self.part = {}          # of each stream, 0 where no header was met

    def begins(self, line):
        stream = line.get("stream")
        known = stream in self.part
        if line.get("kind") != "stream":
            if stream:
                self.part.setdefault(stream, 0)
            return False
        goes_on = known and line["part"] > self.part[stream]
        self.part[stream] = line["part"]
        return not goes_on
