"""Every way to die: the program's status and output are those without the
recorder, the trace can be read, and what was made just before is there."""
# RUN: once
# MODE: alloc,object

import os
import signal
import subprocess
import sys

from recorder_support import (PYTHON, Trace, check, equal, finish, path,
                              plain, record, run, write)

# Blocks of known sizes, and then the end.
BEFORE = """\
import os, signal, sys
class Known:
    pass
kept = [bytearray(700000 + i) for i in range(20)] + [Known() for i in range(20)]
print("made", flush=True)
"""

WAYS = (
    ("SIGTERM", "os.kill(os.getpid(), signal.SIGTERM)"),
    ("SIGKILL", "os.kill(os.getpid(), signal.SIGKILL)"),
    ("SIGSEGV", "import ctypes; ctypes.string_at(0)"),
    ("SIGSEGV, told by faulthandler",
     "import ctypes, faulthandler; faulthandler.enable(file=sys.stdout);"
     "ctypes.string_at(0)"),
    ("_exit", "os._exit(7)"),
    ("abort", "os.abort()"),
    ("execv", "os.execv('/bin/sh', ['sh', '-c', 'echo other; exit 5'])"),
    ("fork, child exits", "pid = os.fork()\n"
     "if pid == 0:\n    os._exit(3)\n"
     "print(os.waitpid(pid, 0)[1])"),
    ("fork, child killed", "pid = os.fork()\n"
     "if pid == 0:\n    x = [[] for i in range(100000)]\n"
     "    os.kill(os.getpid(), 9)\n"
     "print(os.waitpid(pid, 0)[1])"),
)

# Far less memory than is asked for.
MEMORY = """\
import resource, sys
used = int(open("/proc/self/statm").read().split()[0]) * 4096
resource.setrlimit(resource.RLIMIT_AS, (used + 300000000,) * 2)
kept = []
caught = 0
for i in range(3):
    try:
        while True:
            kept.append(bytearray(10000000))
    except MemoryError:
        caught += 1
        kept.clear()
print("caught", caught)
try:
    while True:
        kept.append([0] * 1000)
        if len(kept) > 100000:
            raise SystemExit("no limit")
except MemoryError:
    del kept
print("caught again")
kept = []
while True:
    kept.append(bytearray(10000000))
"""


def known(trace, mode):
    """How many of the 20 are in the trace."""
    if mode == "object":
        return sum(r["op"] == "create" and
                   trace.type_name(r["type"]).endswith("Known")
                   for r in trace.of("object"))
    sizes = {r["size"] for r in trace.of("alloc") if r["size"]}
    return max(sum(700000 + extra + i in sizes for i in range(20))
               for extra in range(64))


def recovered(name, what):
    whole = name + ".whole"
    result = run(["pmt", "recover", "-o", whole, name])
    equal(result.status, 0, what + ": pmt recover: " + result.err)
    result = run(["pmt", "check", whole])
    check(result.status == 0 and "sound" in result.out,
          "%s: pmt check of what was recovered: %s" % (what, result.out))
    return Trace(whole)


def die(mode, what, code):
    script = write("die.py", BEFORE + code + "\n")
    name = path("%s-%s.pmt" % (mode, what.replace(" ", "-")))
    wanted = plain(script)
    found = record(name, script, options=["--mode", mode])
    # The addresses that faulthandler tells differ.
    equal((found.status, found.out.split("0x")[0],
           found.err.split("0x")[0]),
          (wanted.status, wanted.out.split("0x")[0],
           wanted.err.split("0x")[0]), what)
    result = run(["pmt", "check", name])
    check(result.status == 0, "%s: pmt check: %s" % (what, result.out))
    result = run(["pmt", "live", "--json", name])
    check(result.status == 0 and not result.err,
          "%s: pmt live: %s" % (what, result.err))
    trace = Trace(name)
    equal(trace.status, 0, what + ": pmt dump")
    equal(known(trace, mode), 20, what + ": what was made before")
    if os.path.exists(name + ".journal"):
        again = recovered(name, what)
        for kind in ("alloc", "object"):
            equal(len(again.of(kind)), len(trace.of(kind)),
                  what + ": records recovered")


def from_outside(mode):
    """Signals from another process, while it computes and while it sleeps."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        for body in ("while True:\n    x = [[]]\n",
                     "import time\ntime.sleep(60)\n"):
            name = path("outside-%s-%d-%d.pmt" % (mode, number, len(body)))
            script = write("outside.py", BEFORE + body)
            process = subprocess.Popen(
                [PYTHON, "-m", "pmtrace", "-o", name, "--mode", mode,
                 "--when-full", "wait", script], stdout=subprocess.PIPE)
            process.stdout.readline()
            process.send_signal(number)
            process.communicate()
            what = "signal %d in %r" % (number, body)
            equal(process.returncode, -number, what)
            result = run(["pmt", "check", name])
            check(result.status == 0, "%s: check: %s" % (what, result.out))
            if body.startswith("import"):
                equal(known(Trace(name), mode), 20, what)


def out_of_memory(mode):
    script = write("memory.py", MEMORY)
    name = path("memory-%s.pmt" % mode)
    wanted = plain(script)
    found = record(name, script, options=["--mode", mode])
    equal(found.triple(), wanted.triple(), "out of memory")
    check("caught 3" in found.out and "MemoryError" in found.err,
          "out of memory: %s" % found.err)
    result = run(["pmt", "check", name])
    check(result.status == 0, "out of memory: pmt check: %s%s"
          % (result.out, result.err))


def losses(mode):
    """Killed while it makes more than can be written: what is lost is
    counted, before and after recovery."""
    name = path("losses-%s.pmt" % mode)
    script = write("losses.py", "import os\n"
                   "x = [[] for i in range(40000)]\n"
                   "del x\nx = [[] for i in range(40000)]\n"
                   "os.kill(os.getpid(), 9)\n")
    result = record(name, script, options=["--mode", mode, "--segments", "4",
                                          "--when-full", "drop"])
    equal(result.status, -9, "losses")
    before, after = Trace(name), recovered(name, "losses")
    lost = sum(r["events"] for r in before.of("loss"))
    equal(after.lost(), lost, "losses after recovery")
    equal(sum(r["events"] for r in after.of("loss")), lost, "loss records")
    print("%s: %d events lost, %d kept" % (mode, lost,
                                           len(before.of(mode))))


for mode in ("alloc", "object")[:2 if sys.version_info >= (3, 13) else 1]:
    for what, code in WAYS:
        die(mode, what, code)
    from_outside(mode)
    out_of_memory(mode)
    losses(mode)
finish()
