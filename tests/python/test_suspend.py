"""suspend() and resume(): nothing is recorded in between, marks say where."""
# MODE: alloc,object

import sys
import threading

import pmtrace
from pmtrace import _recorder
from recorder_support import Trace, check, equal, finish, path, sized

BASE = 10000000


def blocks(number, count=5):
    for _ in range(count):
        bytearray(BASE + number)


# What a bytearray asks for besides; from 3.15 on it holds a bytes object.
MORE = sys.getsizeof(b"") if sys.version_info >= (3, 15) else 1


def found(trace, number):
    return len(sized(trace, BASE + number + MORE, BASE + number + MORE + 1))


def texts(trace):
    return [m["text"] for m in trace.of("mark")]


def nested_counts():
    with pmtrace.Recorder(path("suspend.pmt"), when_full="wait") as r:
        blocks(0)
        r.suspend()
        blocks(1)
        r.suspend()
        blocks(2)
        r.resume()
        blocks(3)
        r.resume()
        blocks(4)
        equal(_recorder.resume(), False, "resume without suspend")
        blocks(5)
        r.suspend()
        r.mark("unseen")
        blocks(6)
    trace = Trace(path("suspend.pmt"))
    check(trace.complete(), "suspend: not whole: " + trace.warnings)
    equal([found(trace, n) for n in range(7)], [5, 0, 0, 0, 5, 5, 0],
          "suspend: blocks")
    equal(texts(trace), ["pmtrace: suspended", "pmtrace: resumed",
                         "pmtrace: suspended"], "suspend: marks")
    marks = trace.of("mark")
    between = [r for r in trace.of("alloc") if
               marks[0]["time_ns"] < r["time_ns"] < marks[1]["time_ns"]]
    equal(between, [], "suspend: records between the marks")


def often_with_threads():
    """Other threads record all the time; what lies between a resume() and
    the next suspend() of one thread is there."""
    stop = []

    def busy():
        while not stop:
            bytearray(BASE + 10)

    with pmtrace.Recorder(path("often.pmt"), when_full="wait") as r:
        threads = [threading.Thread(target=busy) for _ in range(3)]
        for t in threads:
            t.start()
        for i in range(50):
            r.suspend()
            blocks(11)
            r.resume()
            blocks(12)
        stop.append(1)
        for t in threads:
            t.join()
        lost = r.stats()["lost"]["full"]
    trace = Trace(path("often.pmt"))
    check(trace.complete() and lost == 0, "often: " + trace.warnings)
    equal((found(trace, 11), found(trace, 12)), (0, 250), "often: blocks")
    equal(texts(trace), ["pmtrace: suspended", "pmtrace: resumed"] * 50,
          "often: marks")
    check(found(trace, 10) > 0, "often: other threads")


class Before:
    pass


def types_that_die():
    """A class that dies while nothing is seen, and another in its place, are
    two types; one that lives stays one."""
    def make(number):
        return type("Made%d" % number, (), {})

    def count(trace, name):
        ids = [t["id"] for t in trace.of("type") if t["name"].endswith(name)]
        return sum(r["op"] == "create" and r["type"] in ids
                   for r in trace.of("object")), len(ids)

    with pmtrace.Recorder(path("types.pmt"), mode="object",
                          when_full="wait") as r:
        kept = [Before() for _ in range(7)]
        for i in range(50):
            made = make(i)
            kept.append(made())
            kept.pop()
            r.suspend()
            del made
            r.resume()
            kept += [Before()]
    trace = Trace(path("types.pmt"))
    check(trace.complete(), "types: not whole: " + trace.warnings)
    equal(count(trace, ".Before"), (57, 1), "types: one that lives")
    for i in range(50):
        equal(count(trace, ".Made%d" % i), (1, 1), "types: Made%d" % i)


nested_counts()
often_with_threads()
if dict((row[0], row[2]) for row in _recorder.MODES)["object"] is None:
    types_that_die()
finish()
