"""A flight recorder where an earlier one was, in a process that forks, and in
one that is killed."""
# RUN: once
# MODE: alloc

import json
import os
import signal

import pmtrace
from recorder_support import PYTHON, check, equal, finish, path, run, write

os.mkdir(path("ring"))
trace = path("ring/x.pmt")


def parts():
    return sorted(name[6:] for name in os.listdir(path("ring"))
                  if name.startswith("x.pmt."))


PROGRAM = write("ring.py", """\
import os, random, signal, sys, time
import pmtrace
def make():
    return bytes(7001)
kept = {}
with pmtrace.Recorder(sys.argv[1], max_size=4 << 20, force=True, frames=2) as r:
    until = time.monotonic() + 60
    while r.stats()["parts"] < 4 and time.monotonic() < until:
        for n in range(2000):
            kept[random.randrange(3000)] = bytes(random.randrange(40, 500))
        if "fork" in sys.argv:
            child = os.fork()
            if child == 0:
                os._exit(0)
            os.waitpid(child, 0)
    kept.clear()
    last = [make() for n in range(37)]
    r.mark("last")
    print(r.stats()["parts"], sum(r.stats()["lost"].values()), flush=True)
    if "kill" in sys.argv:
        os.kill(os.getpid(), signal.SIGKILL)
""")

for how, status in (("", 0), ("fork", 0), ("kill", -signal.SIGKILL)):
    result = run([PYTHON, PROGRAM, trace, how])
    equal((result.status, result.out, result.err), (status, "4 0\n", ""),
          "with parts of an earlier one there: " + how)
    equal([name for name in parts() if name != "journal"],
          ["%06d" % n for n in range(3)], "parts: " + how)
    result = run(["pmt", "live", "--json", "--by", "function",
                  trace + "@mark:last"])
    rows = [json.loads(line) for line in result.out.splitlines()]
    equal([(row["count"], row["bytes"]) for row in rows[1:]
           if row["function"] == "make"],
          [(37, 37 * (7001 + bytes().__sizeof__()))], "what is alive: " + how)

# Without `force` nothing that is there is touched.
before = parts()
os.unlink(trace)
if os.path.exists(trace + ".journal"):
    os.unlink(trace + ".journal")
    before.remove("journal")
try:
    pmtrace.Recorder(trace, max_size=4 << 20).start()
    check(False, "parts of another trace are in the way")
except FileExistsError as error:
    equal(error.filename, trace, "the name in the error")
equal(parts(), before, "they stay")

finish()
