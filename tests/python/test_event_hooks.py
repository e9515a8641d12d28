"""The hooks of call and line among those of others: what a program sets itself
goes on to work, all is given back, threads of every kind are seen, and what
sys.setprofile() can't tell apart is told apart."""
# MODE: call,line

import sys

from recorder_support import (Trace, check, equal, finish, path, plain, write)

NEW = sys.version_info >= (3, 12)

WHATS = r"""
import sys, pmtrace

class Wrong(Exception):
    pass

def gen():
    try:
        yield 1
    except Wrong:
        yield 2

def fails():
    raise Wrong

def program():
    g = gen()
    next(g)
    g.throw(Wrong())
    try:
        next(g)
    except StopIteration:
        pass
    u = gen()
    try:
        u.throw(Wrong())
    except Wrong:
        pass
    try:
        fails()
    except Wrong:
        pass
    d = gen()
    next(d)
    d.close()
    try:
        int("x")
    except ValueError:
        pass
    try:
        [].pop()
    except IndexError:
        pass
    len("x")

recorder = pmtrace.Recorder(sys.argv[1], mode="call", when_full="wait")
recorder.start()
program()
recorder.stop()
"""

(CALL, RETURN, C_CALL, C_RETURN, C_EXCEPTION, RESUME, YIELD, UNWIND,
 THROW) = range(9)

# By hand. sys.setprofile() of 3.8 to 3.10 does not say that a generator is
# entered by a throw.
_throw = THROW if sys.version_info >= (3, 11) else RESUME
_throw_first = THROW if sys.version_info >= (3, 11) else CALL
IN_GEN = [
    CALL, YIELD, _throw, YIELD, RESUME, RETURN,  # g
    _throw_first, UNWIND,                        # u
    CALL, YIELD, _throw, UNWIND,                 # d
]
C_FUNCTIONS = [
    ("next", C_CALL), ("next", C_RETURN),
    ("generator.throw", C_CALL), ("generator.throw", C_RETURN),
    ("next", C_CALL), ("next", C_EXCEPTION),
    ("generator.throw", C_CALL), ("generator.throw", C_EXCEPTION),
    ("next", C_CALL), ("next", C_RETURN),
    ("generator.close", C_CALL), ("generator.close", C_RETURN),
    ("list.pop", C_CALL), ("list.pop", C_EXCEPTION),
    ("len", C_CALL), ("len", C_RETURN)]

OTHERS = r"""
import _thread, sys, threading, time, pmtrace

def hook(frame, event, arg):
    seen.append(event)
    return hook

def get():
    return (sys.getprofile(), sys.gettrace(), _thread.start_new_thread,
            _thread.start_new, threading._start_new_thread
            if hasattr(threading, "_start_new_thread") else None)

def work():
    pass

def early():
    while not stopped:
        time.sleep(0.002)
        work()
    afterwards.append(get()[:2])

def raw(*args, **kwargs):
    work()
    threads.append((args, kwargs))

name, mode = sys.argv[1:]
seen, threads, afterwards, stopped = [], [], [], []
thread = threading.Thread(target=early)
thread.start()
before = get()
recorder = pmtrace.Recorder(name, mode=mode, when_full="wait")
recorder.start()
assert get()[:2] == (None, None), get()
work()
time.sleep(0.05)
for i in range(3):
    _thread.start_new_thread(raw, (i,), {"key": i})
while len(threads) < 3:
    time.sleep(0.002)
other = threading.Thread(target=raw, name="other")
other.start()
other.join()
try:
    _thread.start_new_thread(1, ())
except TypeError as error:
    assert "callable" in str(error), error
recorder.stop()
assert get() == before, (get(), before)
stopped.append(1)
thread.join()
assert afterwards == [(None, None)], afterwards
assert sorted(a for a, _ in threads[:3]) == [(0,), (1,), (2,)]
assert threads[0][1] == {"key": threads[0][0][0]}

# A hook of the program's own, set before, goes on to be called.
sys.setprofile(hook)
sys.settrace(hook)
recorder = pmtrace.Recorder(name + ".2", mode=mode, when_full="wait")
recorder.start()
assert get()[:2] == (hook, hook), get()
del seen[:]
work()
told = list(seen)
recorder.stop()
assert get()[:2] == (hook, hook), get()
del seen[:]
work()
assert seen[:len(told)] == told, (told, seen)
assert set(told) >= {"call", "return", "line"}, told
sys.setprofile(None)
sys.settrace(None)

# One set meanwhile replaces ours up to 3.11, and the trace says so.
recorder = pmtrace.Recorder(name + ".3", mode=mode, when_full="wait")
recorder.start()
sys.setprofile(hook)
sys.settrace(hook)
work()
recorder.stop()
assert get()[:2] == (hook, hook), get()
sys.setprofile(None)
sys.settrace(None)
assert get() == before
"""

TOOLS = r"""
import sys, pmtrace
m = sys.monitoring
m.use_tool_id(3, "one")
recorder = pmtrace.Recorder(sys.argv[1], mode="call", when_full="wait")
recorder.start()
assert m.get_tool(4) == "pmtrace"
recorder.stop()
assert (m.get_tool(3), m.get_tool(4)) == ("one", None)
m.use_tool_id(4, "two")
try:
    pmtrace.Recorder(sys.argv[1] + ".2", mode="line").start()
except RuntimeError as error:
    print(error)
assert (m.get_tool(3), m.get_tool(4)) == ("one", "two")
assert m.get_events(4) == 0
m.free_tool_id(4)
recorder = pmtrace.Recorder(sys.argv[1] + ".3", mode="line")
recorder.start()
m.set_events(4, 0)
recorder.stop()
"""


def run(name, text, *words):
    result = plain(write(name + ".py", text), path(name + ".pmt"), *words)
    equal((result.status, result.err), (0, ""), name)
    return result.out


def tables(trace):
    classes = {line["id"]: line for line in trace.of("class")}
    functions = {line["id"]: line["name"] for line in trace.of("cfunction")}
    return classes, functions


def whats():
    run("whats", WHATS)
    trace = Trace(path("whats.pmt"))
    check(trace.complete(), "not whole: " + trace.warnings)
    classes, functions = tables(trace)
    in_gen, in_program = [], []
    for r in trace.of("call"):
        c = classes[r["class"]]
        name = trace.functions(c["stack"])[0]
        if name == "gen" and c["cfunction"] == 0:
            in_gen.append(c["what"])
        elif name == "program" and c["cfunction"]:
            in_program.append((functions[c["cfunction"]], c["what"]))
        elif name == "fails":
            in_program.append(c["what"])
    equal(in_gen, IN_GEN, "a generator")
    equal([x for x in in_program if not isinstance(x, tuple)],
          [CALL, UNWIND], "a function that raises")
    # From 3.8 on int("x") is no C function but a call of a type.
    equal([x for x in in_program if isinstance(x, tuple)], C_FUNCTIONS,
          "C functions")


def others(mode):
    name = "others-" + mode.replace(",", "-")
    run(name, OTHERS, mode)
    for suffix in ("", ".2", ".3"):
        trace = Trace(path(name + ".pmt") + suffix)
        check(trace.complete(), name + suffix + ": " + trace.warnings)
        classes, _ = tables(trace)
        for kind in mode.split(","):
            if kind not in ("call", "line"):
                continue
            call = 0 if kind == "call" else 1
            entered = {}
            for r in trace.of(kind):
                c = classes[r["class"]]
                if c["what"] == call and \
                        trace.functions(c["stack"])[0] == "work":
                    entered.setdefault(r["thread"], []).append(r)
            if suffix == "":
                # Main, three raw ones, one by name, one from before.
                equal(len(entered), 6, name + ": threads that call work()")
                early = max(entered.values(), key=len)
                check(len(early) > 3, name + ": a thread from before")
            elif suffix == ".2" or NEW:
                equal(len(entered), 1, name + suffix + ": work() is seen")
            else:
                equal(len(entered), 0, name + suffix + ": ours is gone")
        said = [m["text"] for m in trace.of("mark") if "replaced" in m["text"]]
        wanted = [] if suffix != ".3" or NEW else [
            "pmtrace: the hooks of mode %s were replaced" % kind
            for kind in ("call", "line") if kind in mode]
        equal(said, wanted, name + suffix + ": marks")


def tools():
    out = run("tools", TOOLS)
    equal(out, "the tool ids 3 and 4 of sys.monitoring are taken, by 'one' "
          "and 'two'\n", "both taken")
    trace = Trace(path("tools.pmt.3"))
    equal([m["text"] for m in trace.of("mark")],
          ["pmtrace: the hooks of mode line were replaced"], "taken away")


def main():
    whats()
    for mode in ("call", "line", "alloc,call,line"):
        others(mode)
    if NEW:
        tools()
    finish()


main()
