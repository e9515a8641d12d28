"""Programs that use the interpreter's own hooks, as debuggers, profilers and
coverage do: they behave recorded as unrecorded."""
# RUN: few
# MODE: alloc,call,line

import os
import sys

from recorder_support import (FOLDER, PYTHON, check, equal, finish, run,
                              skip, write)
import pmtrace
from untraced import same

if pmtrace._recorder is None:
    skip("the recorder is not built")

TRACED = """\
import collections, sys, threading
seen = collections.Counter()
def tracer(frame, event, arg):
    if frame.f_code.co_filename == __file__:
        seen[event, frame.f_code.co_name, frame.f_lineno] += 1
    return tracer
def profiler(frame, event, arg):
    if frame.f_code.co_filename == __file__:
        seen["p" + event, frame.f_code.co_name,
             getattr(arg, "__name__", "")] += 1
def inner(n):
    total = len("abc")
    for i in range(n):
        total += i
    return total
def work():
    for i in range(5):
        inner(i)
    try:
        {}["a"]
    except KeyError:
        pass
sys.settrace(tracer)
work()
print(sys.gettrace() is tracer)
sys.settrace(None)
sys.setprofile(profiler)
work()
print(sys.getprofile() is profiler)
sys.setprofile(None)
# Before 3.12 a profiler that takes over from another one is told that
# sys.setprofile itself returned: docs/recorder.md.
seen.pop(("pc_return", "<module>", "setprofile"), 0)
threading.settrace(tracer)
threading.setprofile(profiler)
t = threading.Thread(target=work)
t.start()
t.join()
threading.settrace(None)
threading.setprofile(None)
print(sys.gettrace(), sys.getprofile())
witness(1)
for key in sorted(seen, key=str):
    print(key, seen[key])
"""

TRACEMALLOC = """\
import collections, tracemalloc
def kept(n):
    return [bytearray(5000) for i in range(n)]
for i in range(3):
    tracemalloc.start(5)
    kept_now = kept(10 + i)
    witness(i)
    found = tracemalloc.take_snapshot().filter_traces(
        [tracemalloc.Filter(True, __file__)])
    # Not the small ones: free lists may keep some of them.
    lines = [t.traceback[-1].lineno for t in found.traces if t.size > 4000]
    print(sorted(collections.Counter(lines).items()))
    print(tracemalloc.get_object_traceback(kept_now[3]))
    print(tracemalloc.get_tracemalloc_memory() > 0)
    tracemalloc.stop()
    print(tracemalloc.is_tracing())
tracemalloc.start()
x = bytearray(100)
"""

CPROFILE = """\
import cProfile, io, pstats
def inner(n):
    return sorted(range(n), key=lambda i: -i)
def work():
    for i in range(20):
        inner(i)
profile = cProfile.Profile()
profile.enable()
work()
profile.disable()
witness(2)
stats = pstats.Stats(profile).stats
for key in sorted(stats, key=str):
    if key[0] == __file__ or "sorted" in key[2]:
        print(key[2], stats[key][:2])
"""

GC = """\
import gc
calls = []
def seen(phase, info):
    calls.append((phase, info["generation"]))
gc.collect()
gc.callbacks.append(seen)
class Node:
    pass
gc.disable()
for i in range(10):
    a, b = Node(), Node()
    a.b, b.a = b, a
del a, b
print(gc.collect())
gc.freeze()
print(gc.get_freeze_count() > 0)
gc.unfreeze()
print(gc.get_freeze_count())
gc.set_threshold(5, 2, 2)
gc.enable()
print(gc.get_threshold(), gc.isenabled())
for i in range(3):
    gc.collect(i)
gc.callbacks.remove(seen)
witness(3)
print(calls[:2], calls[-2:])
gc.set_debug(gc.DEBUG_SAVEALL)
x = Node(); x.x = x; del x
gc.collect()
print(len([o for o in gc.garbage if type(o) is Node]))
"""

ATEXIT = """\
import atexit, sys, weakref
class Last:
    def __del__(self):
        print("last", flush=True)
@atexit.register
def one():
    witness(4)
    print("one")
@atexit.register
def two():
    raise ValueError("in atexit")
@atexit.register
def three():
    print("three")
    sys.stderr.write("three\\n")
last = Last()
weakref.finalize(last, print, "finalized")
kept = Last()
kept.me = kept
witness(4)
sys.exit("the reason")
"""

AUDIT = """\
import sys
refused = []
def hook(name, args):
    if name == "open" and str(args[0]).endswith(".secret"):
        raise PermissionError("refused")
    if name.startswith("import") and args[0] == "colorsys":
        raise ImportError("refused")
sys.addaudithook(hook)
for attempt in (lambda: open("x.secret"), lambda: __import__("colorsys")):
    try:
        attempt()
    except Exception as error:
        print(type(error).__name__, error)
witness(5)
"""

# Refuses all that a recorder does after its start: it opens files, starts
# threads, imports.
AUDIT_ALL = """\
import sys
allowed = True
def hook(name, args):
    if not allowed:
        raise RuntimeError("refused " + name)
witness(6)
sys.addaudithook(hook)
allowed = False
try:
    open("x")
except RuntimeError as error:
    print(error)
x = [bytes(i) for i in range(1000)]
witness(6)
allowed = True
"""

MONITORING = """\
import sys
m = sys.monitoring
counts = {}
free = [i for i in range(6) if m.get_tool(i) is None]
def work():
    return [len(str(i)) for i in range(5)]
tool = m.COVERAGE_ID
m.use_tool_id(tool, "mine")
def line(code, number):
    if code is work.__code__:
        counts[number] = counts.get(number, 0) + 1
    return m.DISABLE
m.register_callback(tool, m.events.LINE, line)
m.set_events(tool, m.events.LINE)
work()
m.restart_events()
work()
m.set_events(tool, 0)
m.register_callback(tool, m.events.LINE, None)
m.free_tool_id(tool)
witness(7)
print(counts)
"""

# All six ids are taken by the program's sitecustomize-like first lines, so
# that a recorder started afterwards has none.
SIX = """\
import os, sys
m = sys.monitoring
taken = []
for i in range(6):
    if m.get_tool(i) is None:
        m.use_tool_id(i, "tool %d" % i)
        taken.append(i)
import pmtrace
for mode in ("call", "line"):
    try:
        pmtrace.Recorder(os.path.join(sys.argv[1], mode + ".pmt"), mode).start()
    except Exception as error:
        print(type(error).__name__, error)
    else:
        print("recorded")
for i in taken:
    print(m.get_tool(i))
    m.free_tool_id(i)
"""

SUBINTERPRETERS = """\
import sys
try:
    import _interpreters as interpreters
except ImportError:
    try:
        import _xxsubinterpreters as interpreters
    except ImportError:
        sys.exit(0)
for i in range(3):
    one = interpreters.create()
    problem = interpreters.run_string(one, '''
x = [bytearray(100) for i in range(100)]
import json
json.dumps({"a": 1})
print("inside", len(x), flush=True)
''')
    print(problem)
    witness(8)
    interpreters.destroy(one)
print([i for i in interpreters.list_all()].__len__())
"""

FAULTS = """\
import faulthandler, io, sys, tempfile, threading
def inner(file):
    faulthandler.dump_traceback(file, all_threads=False)
with tempfile.TemporaryFile("w+") as file:
    inner(file)
    file.seek(0)
    print(file.read())
witness(9)
print(threading.active_count(), [t.name for t in threading.enumerate()])
"""

INSPECT = """\
import inspect, sys, traceback, types
def inner():
    return [f.f_code.co_name for f, *rest in inspect.getouterframes(
        sys._getframe())]
print(inner())
print(sorted(k for k in vars(sys.modules["__main__"])))
print(sys.argv, sys.flags, len(sys.path) == len(set(sys.path)))
try:
    inner(1)
except TypeError:
    traceback.print_exc()
print(sys.getrecursionlimit(), sys.getswitchinterval(),
      sys.getallocatedblocks() > 0)
def generator():
    try:
        yield 1
        yield 2
    finally:
        witness(10)
g = generator()
next(g)
g.close()
inner(1)
"""

def six():
    """Where the program has all tools of sys.monitoring: `call` and `line`
    say so, and what the program set is as it was."""
    done = run([PYTHON, write("six.py", SIX), FOLDER])
    equal((done.status, done.err), (0, ""), "all tools taken")
    lines = done.out.splitlines()
    for line in lines[:2]:
        check(line.startswith("RuntimeError ") and "monitoring" in line, line)
    equal(lines[2:], ["tool %d" % i for i in range(6)], "the tools")
    check(not [n for n in os.listdir(FOLDER) if n.startswith(("call.", "line."))],
          "a trace was made")


same("traced", TRACED, witnessed=[1])
same("tracemalloc", TRACEMALLOC, witnessed=[0, 1, 2],
     ways=("alloc", "always"))
same("cprofile", CPROFILE, witnessed=[2])
same("gc", GC, witnessed=[3])
same("atexit", ATEXIT, witnessed=[4, 4])
same("audit", AUDIT, witnessed=[5])
same("audit_all", AUDIT_ALL, witnessed=[6, 6], ways=("alloc", "always"))
same("sub", SUBINTERPRETERS, witnessed=[8, 8, 8], ways=("alloc", "always"))
same("faults", FAULTS, witnessed=[9], ways=("alloc", "all"))
same("inspect", INSPECT, witnessed=[10])
if sys.version_info >= (3, 12):
    same("monitoring", MONITORING, witnessed=[7])
    six()
finish()
