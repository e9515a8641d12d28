"""Where the interpreter begins to end is said by the recorder: what lives there
is what the program itself counts in the last of its exit functions."""
# MODE: alloc,object

import json
import sys

import recorder_support as support

# Blocks of a size of their own, which live at the end, are released by the
# exit functions, and by the interpreter: by __del__ of objects in modules and
# in cycles, some of them deep in recursion and making blocks themselves.
PROGRAM = """
import atexit, gc, sys, threading

SIZE = 7777


class Holder:
    def __init__(self, depth=0):
        self.block = bytearray(SIZE)
        self.me = self
        self.depth = depth

    def __del__(self):
        def deeper(n):
            return bytearray(SIZE) if n == 0 else deeper(n - 1)
        deeper(self.depth)


kept = [Holder(depth) for depth in (0, 5, 40)]
plain = [bytearray(SIZE) for _ in range(100)]
more = [bytearray(SIZE) for _ in range(50)]


def first_of_all():
    # Registered first, so it runs last.
    extra.append(bytearray(SIZE))
    print(len(kept) + len(plain) + len(more) + len(extra), flush=True)


def release():
    del more[:20]


extra = []
atexit.register(first_of_all)
atexit.register(release)
ENDING
"""

ENDINGS = {
    "plain": "pass",
    "sys_exit": "sys.exit(3)",
    "raised": "raise RuntimeError('as it should')",
    "daemon": "threading.Thread(target=threading.Event().wait,\n"
              "                 daemon=True).start()",
    "thread": "import time\n"
              "threading.Thread(target=time.sleep, args=(0.2,)).start()",
}


# What a bytearray of that size asks for: it and the NUL behind it, or from 3.15
# on a bytes object.
SIZES = {7777, 7778, 7777 + sys.getsizeof(b"")}


def head_of(name):
    """What `pmt live` says of all of it."""
    result = support.run(["pmt", "live", "--kind", "alloc", "--json", name])
    return json.loads(result.out.splitlines()[0])


def live_blocks(name, moment):
    """How many blocks of the size live, of all that do."""
    result = support.run(["pmt", "live", "--kind", "alloc", "--list", "--json",
                          "-n", "100000", name + moment])
    rows = [json.loads(line) for line in result.out.splitlines()]
    return rows[0], sum(row.get("size") in SIZES for row in rows[1:])


def check_ending(name, ending):
    trace = support.path("%s.pmt" % name)
    program = support.write("%s.py" % name,
                            PROGRAM.replace("ENDING", ending))
    result = support.record(trace, program)
    wanted = int(result.out)
    whole = support.Trace(trace)
    support.equal(len(whole.exits()), 1, "%s: marks of the exit" % name)
    support.check("exit" in whole.stream()["hooks"], "%s: the hook" % name)
    at = whole.exits()[0]["time_ns"]
    for moment in "", "@exit":
        _, found = live_blocks(trace, moment)
        support.equal(found, wanted, "%s%s: blocks" % (name, moment))
    head = head_of(trace)
    support.equal((head["moment"], head["exit_guessed"], head["time_ns"]),
                  ("exit", False, at), "%s: the moment" % name)


def check_without(name, ending):
    """Nothing says where the interpreter ended when it did not end so."""
    trace = support.path("%s.pmt" % name)
    result = support.record(trace, support.write(
        "%s.py" % name, PROGRAM.replace("ENDING", ending)))
    whole = support.Trace(trace)
    support.equal(whole.exits(), [], "%s: marks of the exit" % name)
    head = head_of(trace)
    support.equal(head["moment"], "end", "%s: the moment" % name)
    support.check(support.run(["pmt", "live", trace + "@exit"]).status == 2,
                  "%s: @exit" % name)
    return result


def check_api():
    """A recorder that is stopped says nothing of the exit."""
    trace = support.path("api.pmt")
    support.plain("-c", "import pmtrace\n"
                  "with pmtrace.Recorder(%r, mode='alloc'):\n"
                  "    kept = [bytearray(7777) for _ in range(30)]\n" % trace)
    support.equal(support.Trace(trace).exits(), [], "api: marks")
    head, found = live_blocks(trace, "")
    support.equal(found, 30, "api: blocks")


def check_objects():
    trace = support.path("objects.pmt")
    result = support.record(
        trace, support.write("objects.py", """
import atexit


class Kept:
    pass


kept = [Kept() for _ in range(321)]
atexit.register(lambda: print(len(kept), flush=True))
"""), options=["--mode", "object"])
    for moment in "", "@exit":
        out = support.run(["pmt", "live", "--json", "-n", "10000",
                           trace + moment]).out
        rows = [json.loads(line) for line in out.splitlines()]
        found = [row["count"] for row in rows[1:]
                 if row["name"] == "__main__.Kept"]
        support.equal(found, [int(result.out)], "objects%s" % moment)


for name, ending in ENDINGS.items():
    check_ending(name, ending)
check_without("os_exit", "import os; os._exit(0)")
check_api()
if sys.version_info >= (3, 13, 3):
    check_objects()
support.finish()
