#!/usr/bin/env python3
"""The examples of every manual page, as they stand there: each is run by a
shell in a folder that has real traces and programs under the names that it
uses. Its status is 0, or the one that it tells of; what it writes is a sound
trace, or is not empty; reading commands say nothing on standard error.

4711 is replaced by the number of a process that runs, /var/tmp by a folder,
/old/checkout by that of the program.
Examples that need what this machine has not are named at the end.
"""

import glob
import gzip
import os
import re
import shutil
import signal
import subprocess
import sys

import kit

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, os.pardir, "interpreters"))
from built import interpreters, modes  # noqa: E402

checks = kit.Checks()
kit.scratch()
BUILD = os.environ.get("PMT_BUILD") or os.path.dirname(os.path.dirname(
    os.path.abspath(kit.PMT)))
NAMES = subprocess.run([kit.PMT, "--list-commands"], check=True,
                       stdout=subprocess.PIPE).stdout.decode().split()
APP = """#!/usr/bin/env python3
import json
import sys
import threading
import time

try:
    from pmtrace import mark, snapshot
except ImportError:         # sampled, not recorded
    def mark(text):
        pass

    def snapshot(name):
        pass

SCALE = float(sys.argv[sys.argv.index("--scale") + 1]) \\
    if "--scale" in sys.argv else 0.3
kept, cache = [], {}


def handler(i):
    kept.append(bytearray(2000 + i % 7))
    cache[i % 50] = json.dumps({"request": i, "words": ["w"] * (i % 9)})
    return [str(n) for n in range(i % 20)]


def worker():
    for i in range(100):
        handler(i)


threading.Thread(target=worker).start()
mark("before")
mark("warm")
try:
    snapshot("warm")
except RuntimeError:        # this mode is not recorded
    pass
for i in range(int(1000 * SCALE)):
    handler(i)
    if i % 100 == 0:
        mark("request")
        time.sleep(0.2 * SCALE)
mark("done")
kept.append(bytearray(100000))
mark("after")
"""
# Where the status is another than 0: what the example itself tells.
STATUS = {
    "pmt diff --fail-over 5% old.pmt a.pmt": 1,
    "pmt diff --fail-over 0% --kind alloc base/ now/": 1,
}
# Commands that say on standard error what they do or did.
TALK = {"record", "attach", "detach", "dtrace", "sample"}
# Nothing is wrong; the trace itself is finished.
SILENT = {"pmt check -q *.pmt", "pmt recover --in-place /var/tmp/worker-*.pmt"}
not_run = []


# ---- the folder ----------------------------------------------------------------

def minor(version):
    return tuple(int(part) for part in re.findall(r"\d+", version)[:2])


PYTHONS = sorted((minor(version), real) for version, real in interpreters(
    BUILD, os.environ.get("PMT_PYTHON") or sys.executable))
if not PYTHONS:
    print("the recorder is not built")
    sys.exit(77)
VERSION, PYTHON = PYTHONS[-1]
BUILT = dict(PYTHONS)
HAS_OBJECTS = not dict(modes(BUILD, PYTHON)).get("object", "not there")
PATH = os.pathsep.join([os.path.join(os.getcwd(), "bin"),
                        os.path.dirname(os.path.abspath(kit.PMT)),
                        os.environ["PATH"]])
ENV = dict(os.environ, PATH=PATH, PYTHONDONTWRITEBYTECODE="1")


def record(path, *options, scale="0.1"):
    done = subprocess.run(
        [kit.PMT, "record", "-q", "-f", "-o", path] + list(options) +
        ["--", "python3", "app.py", "--scale", scale], env=ENV,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)
    checks.true(done.returncode == 0, done)


def link(name, path):
    with open("bin/" + name, "w") as file:      # a link would lose its folder
        file.write("#!/bin/sh\nexec '%s' \"$@\"\n" % path)
    os.chmod("bin/" + name, 0o755)


def make_folder():
    os.mkdir("bin")
    link("python3", PYTHON)
    if (3, 13) in BUILT:        # pmt record goes by the name
        link("python3.13", BUILT[3, 13])
    for folder in ("runs", "base", "now", "var", "var/tmp"):
        os.mkdir(folder)
    with open("app.py", "w") as file:
        file.write(APP)
    os.chmod("app.py", 0o755)
    with open("test_app.py", "w") as file:
        file.write("import unittest\n\nclass One(unittest.TestCase):\n"
                   "    def test_it(self):\n        self.assertTrue([1])\n")
    with open("Makefile", "w") as file:
        file.write("all: a b\na b:\n\tsleep 0.3\n")
    with_objects = ",object" if HAS_OBJECTS else ""
    record("a.pmt", "--mode=alloc,call,heap,snapshot,rss,gc" + with_objects,
           "--snapshot-records", scale="1")
    for name in ("b", "c"):
        record(name + ".pmt", "--mode=alloc,heap,rss")
    record("old.pmt", "--mode=alloc,heap,rss" + with_objects)
    for run in ("1", "2"):
        record("base/%s.pmt" % run)
        record("now/%s.pmt" % run, scale="0.2")
    shutil.copy("b.pmt", "runs")
    shutil.copy("c.pmt", "runs")
    with open("a.pmt", "rb") as trace, gzip.open("a.pmt.gz", "wb") as packed:
        shutil.copyfileobj(trace, packed)
    worker = subprocess.Popen(
        [kit.PMT, "record", "-q", "-o", "var/tmp/worker-1.pmt", "--",
         "python3", "-c", "import time\nx = [str(n) for n in range(20000)]\n"
         "print('ready', flush=True)\ntime.sleep(60)"],
        env=ENV, stdout=subprocess.PIPE)
    worker.stdout.readline()
    worker.send_signal(signal.SIGKILL)  # pmt record is the program by now
    worker.communicate()
    checks.true(os.path.exists("var/tmp/worker-1.pmt.journal"), "killed")


# ---- the examples ----------------------------------------------------------------

def examples(name):
    page = subprocess.run([kit.PMT, "--make-man", name], check=True,
                          stdout=subprocess.PIPE).stdout.decode()
    at = page.find(".SH EXAMPLES")
    lines = page[at:page.index("\n.SH", at + 5)].splitlines() if at > 0 else []
    lines = [line for before, line in zip(lines, lines[1:]) if before == ".TP"]
    for old, new in (("\\fB", ""), ("\\fR", ""), ("\\&", ""), ("\\-", "-"),
                     ("\\(aq", "'"), ("\\(dq", '"'), ("\\(ti", "~"),
                     ("\\(ha", "^"), ("\\e", "\\")):
        lines = [line.replace(old, new) for line in lines]
    return lines


class Process:
    """One that runs for 4711, where an example asks for it."""

    def __init__(self, example):
        self.process = None
        if "4711" not in example:
            return
        forever = "attach" in example or "detach" in example
        self.process = subprocess.Popen(
            [PYTHON, "-c", "import time\nprint('ready', flush=True)\n"
             "end = time.time() + %d\n"
             "while time.time() < end:\n    time.sleep(0.05)\n"
             "    x = [str(n) for n in range(100)]" % (60 if forever else 3)],
            stdout=subprocess.PIPE, env=ENV)
        self.process.stdout.readline()

    def end(self):
        if self.process:
            self.process.kill()
            self.process.communicate()


def tracer():
    """May bpftrace be run here, on probes of this Python?"""
    if os.getuid() != 0 or not shutil.which("bpftrace"):
        return False
    process = Process("4711")
    pid = str(process.process.pid)
    tried = subprocess.run(
        ["bpftrace", "-p", pid, "-e", "usdt:/proc/%s/exe:python:function__return"
         " { exit() } interval:ms:500 { exit() }" % pid],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.end()
    return tried.returncode == 0 and b"ERROR" not in tried.stderr


def missing(name, example):
    """What this machine has not, or ''."""
    if "python3.13" in example and (3, 13) not in BUILT:
        return "a recorder for CPython 3.13"
    if name in ("attach", "detach") and VERSION < (3, 14):
        return "a recorder for CPython 3.14"
    if name == "dtrace" and "scripts" not in example and not tracer():
        return "bpftrace, the right to run it, and a Python with probes"
    if name == "plot" and not shutil.which("gnuplot") and not re.search(
            "--(terminal|data|json)", example):
        return "gnuplot"
    return ""


def written(example):
    found = re.search(r"(?:-o|--data) (\S+)", example)
    return found and found.group(1)


def check_product(example, path, done):
    if not path:
        checks.true(bool(done.stdout) == (example not in SILENT), done)
    elif "%" not in path:
        checks.true(os.path.exists(path) and os.path.getsize(path) > 0,
                    "%s: no %s" % (example, path))
        if path.endswith(".pmt"):
            sound = kit.run("check", "-q", path)
            checks.equal((sound.status, sound.out), (0, b""),
                         "%s: %s" % (example, sound))


def run(name, example):
    lacks = missing(name, example)
    if lacks:
        not_run.append("%s (needs %s)" % (example, lacks))
        return
    process = Process(example)
    line = example
    if process.process:
        line = line.replace("4711", str(process.process.pid))
    line = line.replace("/var/tmp/", os.path.abspath("var/tmp") + "/")
    line = line.replace("/old/checkout", os.getcwd())
    path = written(line)
    if path and os.path.exists(path):
        os.unlink(path)
    if name == "detach":
        subprocess.run([kit.PMT, "attach", "-q", str(process.process.pid)],
                       env=ENV, check=True)
    before = set(os.listdir("."))
    done = subprocess.run(line, shell=True, env=ENV, timeout=120,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE)
    process.end()
    want = STATUS.get(example, 0)
    if not HAS_OBJECTS and (example.startswith("pmt live --by type") or
                            "'type == dict'" in example):
        want = 1                # there are none
    checks.true(done.returncode == want, "%d is wanted: %s" % (want, done))
    if name in TALK:
        checks.true(b"warning" not in done.stderr and
                    b"Traceback" not in done.stderr, done)
        if name in ("record", "sample") and not path:
            made = [new for new in set(os.listdir(".")) - before
                    if new.endswith(".pmt")]
            checks.true(len(made) >= 1, (example, made))
            for trace in made:
                checks.equal(kit.run("check", "-q", trace).status, 0, trace)
                os.unlink(trace)
    elif want == 0:
        checks.equal(done.stderr, b"", example)
        check_product(example, path, done)
    if name in ("attach", "detach"):    # the process was killed: no end
        for left in glob.glob("*-%d.pmt*" % process.process.pid):
            os.unlink(left)
    if "--in-place" in example:
        state = kit.run("info", "var/tmp/worker-1.pmt").text()
        checks.true("recovered" in state, state)
    if path and path.endswith(".pmt") and "%" not in path and name in TALK:
        checks.equal(kit.run("check", "-q", path).status, 0, example)


def main():
    make_folder()
    for name in NAMES:
        found = examples(name)
        checks.true(len(found) >= 2, "%s has %d examples" % (name, len(found)))
        for example in found:
            checks.true("pmt %s" % name in example, example)
            run(name, example)
    for example in not_run:
        print("not run: " + example)
    checks.finish()


main()
