"""pmtrace.pymemtrace: pymemtrace's classes and functions, used as its
documentation does."""
# MODE: call,line,object

import os
import re
import sys

import pmtrace
from pmtrace import pymemtrace as cPyMemTrace
from recorder_support import Trace, check, equal, finish, path, skip

if pmtrace._recorder is None:
    skip("the recorder is not built")

POSSIBLE = {name: not needs for name, _, needs in pmtrace._recorder.MODES}
os.chdir(path("."))


# The number of a call among the events of a kind (specification, 7.3).
CALL = {"call": 0, "line": 1}


class Point:
    pass


class Other:
    pass


def work(n):
    return [i * i for i in range(n)]


def texts(trace):
    return [m["text"] for m in trace.of("mark")
            if not m["text"].startswith("pmtrace:")]


def raises(kind, function, *args, **kwargs):
    try:
        function(*args, **kwargs)
    except kind:
        return
    check(False, "no %s: %s" % (kind.__name__, args))


def rss_shells():
    """Profile and Trace: one event each for what was called."""
    for kind, letter, mode, depth, log_path, write in (
            (cPyMemTrace.Profile, "P", "call",
             cPyMemTrace.profile_wrapper_depth, cPyMemTrace.profile_log_path,
             cPyMemTrace.profile_write_message_to_log),
            (cPyMemTrace.Trace, "T", "line", cPyMemTrace.trace_wrapper_depth,
             cPyMemTrace.trace_log_path,
             cPyMemTrace.trace_write_message_to_log)):
        if not POSSIBLE.get(mode):
            print("mode %s is not there" % mode)
            continue
        raises(RuntimeError, write, "nowhere")
        equal((depth(), log_path()), (0, None), "outside " + letter)
        with kind(0, message="hello\nworld") as shell:
            work(3)
            shell.write_message_to_log("one")
            shell.write_to_log("two")
            write("three")
            name = shell.log_file_path()
            equal((depth(), log_path()), (1, name), "inside " + letter)
            with kind(d_rss_trigger=0, filepath="inner.pmt") as inner:
                equal((depth(), log_path()), (2, os.path.abspath("inner.pmt")),
                      "deeper " + letter)
                work(4)
                write("inner")
        equal((depth(), log_path(), shell.log_file_path()), (0, None, name),
              "after " + letter)
        raises(OSError, shell.write_message_to_log, "late")
        check(re.search(r"/\d{8}_\d{6}_\d+_%d_%s_0_PY%s\.pmt$" % (
            os.getpid(), letter, re.escape(sys.version.split()[0])), name),
            "the name %s" % name)
        trace = Trace(name)
        equal(texts(trace), ["hello\nworld", "one", "two", "three"],
              "messages of " + letter)
        equal(texts(Trace("inner.pmt")), ["inner"], "messages inside")
        for each, what in ((trace, "outer"), (Trace("inner.pmt"), "inner")):
            of = {c["id"]: c for c in each.of("class")}
            calls = [r for r in each.of(mode)
                     if of[r["class"]]["what"] == CALL[mode] and
                     each.functions(of[r["class"]]["stack"])[:1] == ["work"]]
            equal(len(calls), 1, "%s: calls of work(), %s" % (letter, what))
        # A trigger that nothing reaches, and the file is replaced.
        with kind(1 << 40, filepath="inner.pmt"):
            work(3)
        check(len(Trace("inner.pmt").of(mode)) <= 3, "a trigger of 1 TiB")
        with kind(filepath="50%.pmt") as shell:
            big = bytearray(40 << 20)
            work(5)
        check(Trace("50%.pmt").of(mode), "a trigger of a page")
        equal(shell.d_rss_trigger, -1, "d_rss_trigger")
        del big


def decorators():
    for mode, decorate in (("call", cPyMemTrace.profile),
                           ("line", cPyMemTrace.trace),
                           ("object", cPyMemTrace.reference_tracing)):
        if not POSSIBLE.get(mode):
            continue

        @decorate(message="begins", filepath="decorated.pmt")
        def function(a, b=2):
            """Text."""
            return a + b

        equal((function(1, b=4), function.__name__, function.__doc__),
              (5, "function", "Text."), "decorated: " + mode)
        trace = Trace("decorated.pmt")
        equal(texts(trace), ["begins"], "decorated: " + mode)
        check(trace.of(mode), "decorated: no records of " + mode)


def names_of(name):
    trace = Trace(name)
    return {trace.type_name(r["type"]).split(".")[-1]
            for r in trace.of("object") if r["op"] == "create"}


def reference_tracing():
    raises(ValueError, cPyMemTrace.ReferenceTracing, gc_collect_on_exit=3)
    raises(TypeError, cPyMemTrace.ReferenceTracing, include_tp_names=[3])
    if not POSSIBLE.get("object"):
        raises(ValueError, cPyMemTrace.ReferenceTracing("x").__enter__)
        equal(cPyMemTrace.reference_tracing_wrapper_depth(), 0, "depth")
        return
    reliable = sys.version_info >= (3, 13, 3)
    kept = []
    with cPyMemTrace.ReferenceTracing("first", "refs.pmt") as shell:
        kept += [Point() for _ in range(5)]
        [Other() for _ in range(3)]
        counts = shell.live_object_counts()
        module = cPyMemTrace.reference_tracing_live_object_counts()
        cPyMemTrace.reference_tracing_write_message_to_log("second")
        equal((cPyMemTrace.reference_tracing_wrapper_depth(),
               cPyMemTrace.reference_tracing_log_path()),
              (1, os.path.abspath("refs.pmt")), "inside O")
        shell.suspend()
        kept += [Point() for _ in range(7)]
        shell.resume()
        ring = Other()
        ring.self = ring
        del ring
    found = {name.split(".")[-1]: n for name, n in counts.items()}
    equal(found.get("Point"), 5, "live Point")
    equal({name.split(".")[-1]: n for name, n in module.items()}.get("Point"),
          5, "live Point, by the module's function")
    check(shell.count_new() >= 9, "count_new() is %d" % shell.count_new())
    if reliable:
        equal(found.get("Other", 0), 0, "live Other")
        check(shell.count_del() >= 4, "count_del(): %d" % shell.count_del())
        live = {name.split(".")[-1]: n
                for name, n in shell.live_object_counts().items()}
        equal(live.get("Other", 0), 0, "garbage was collected")
    equal(texts(Trace("refs.pmt")), ["first", "second"], "messages of O")
    names = names_of("refs.pmt")
    check({"Point", "Other"} <= names, "types %s" % names)
    check(not names & {"list", "dict", "tuple", "int"}, "builtins: %s" % names)
    for settings, inside, outside in (
            (dict(include_tp_names=["Point"]), {"Point"}, {"Other"}),
            (dict(exclude_tp_names=("Point",)), {"Other"}, {"Point"}),
            (dict(include_tp_names=["Point", "Other"],
                  exclude_tp_names=["Other"]), {"Point"}, {"Other"}),
            (dict(include_builtins=True), {"Point", "Other", "list"},
             set())):
        with cPyMemTrace.ReferenceTracing(filepath="some.pmt",
                                          gc_collect_on_exit=-1, **settings):
            kept += [Point(), Other(), [1]]
        names = names_of("some.pmt")
        check(inside <= names and not outside & names,
              "%s: %s" % (settings, sorted(names)))


def simple():
    if not POSSIBLE.get("object"):
        return
    before = sorted(os.listdir("."))
    kept = []
    with cPyMemTrace.ReferenceTracingSimple() as shell:
        equal(cPyMemTrace.reference_tracing_simple_wrapper_depth(), 1,
              "depth of simple")
        kept += [Point() for _ in range(100)]
        made = shell.count_new()
    check(100 <= made <= 1000, "count_new() of simple is %d" % made)
    check(shell.count_new() >= made, "count_new() after simple")
    equal(sorted(os.listdir(".")), before, "files that simple leaves")


def figures():
    check(1 << 20 < cPyMemTrace.rss() <= cPyMemTrace.rss_peak() + (4 << 20),
          "rss() %d, rss_peak() %d"
          % (cPyMemTrace.rss(), cPyMemTrace.rss_peak()))
    before = cPyMemTrace.rss()
    big = bytearray(b"x" * (30 << 20))
    check(cPyMemTrace.rss() - before > 20 << 20, "rss() does not rise")
    del big


rss_shells()
decorators()
reference_tracing()
simple()
figures()
finish()
