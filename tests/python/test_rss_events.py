"""The resident set size at events: against what the program itself reads from
/proc, with descriptors closed under it; recording only where it moves, and
only some files, against a recording of all events of the same program."""
# MODE: call,line,object

import json
import sys

from recorder_support import (Trace, check, equal, finish, path, plain, write)

READ = r"""
import json, os, sys, pmtrace

def pages():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")

def probe():
    pass

def grow(kept):
    for i in range(12):
        kept.append(bytearray(b"x") * (3 << 20))
        probe()
        seen.append(pages())

def closed():
    # Every descriptor that is not the program's own, then a file of ours at
    # each number that was one.
    before = {int(fd) for fd in os.listdir("/proc/self/fd")
              if os.path.exists("/proc/self/fd/" + fd)}
    high = max(before)
    os.closerange(100, high + 1)
    fakes = []
    for fd in sorted(before):
        if fd >= 100:
            os.dup2(fake, fd)
            fakes.append(fd)
    for i in range(3):
        kept.append(bytearray(b"x") * (3 << 20))
        probe()
        seen.append(pages())
    for fd in fakes:
        os.lseek(fd, 0, os.SEEK_SET)
        assert os.read(fd, 100) == b"77777777 66666666 5\n", fd
    return len(fakes)

name = sys.argv[1]
with open(name + ".fake", "wb") as file:
    file.write(b"77777777 66666666 5\n")
fake = os.open(name + ".fake", os.O_RDONLY)
seen, kept = [], []
for us in (1, 1000000000):
    recorder = pmtrace.Recorder("%s-%d.pmt" % (name, us), mode="call",
                                when_full="wait", rss_us=us)
    recorder.start()
    grow(kept)
    fakes = closed() if us == 1 else 1
    recorder.stop()
with open(name + ".json", "w") as file:
    json.dump([seen, fakes], file)
"""

OBJECTS = r"""
import json, os, sys, pmtrace

class Probe:
    pass

def pages():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")

name, on = sys.argv[1], int(sys.argv[2])
seen, kept = [], []
with pmtrace.Recorder(name, mode="object", types="*.Probe", object_rss=on,
                      rss_us=1):
    for i in range(12):
        kept.append(bytearray(b"x") * (3 << 20))
        kept.append(Probe())
        seen.append(pages())
with open(name + ".json", "w") as file:
    json.dump(seen, file)
"""

PROGRAM = r"""
import sys, pmtrace
import other_code

def leaf(n):
    return n

def work(n):
    for i in range(n):
        leaf(i)
        if i % 100 == 0:
            kept.append(bytearray(b"x") * (5 << 20))
        other_code.elsewhere(leaf)

def last():
    pass

name, mode, settings = sys.argv[1:]
kept = []
recorder = pmtrace.Recorder(name, mode=mode, when_full="wait", c_calls=0,
                            **eval(settings))
work(1)
other_code.elsewhere(last)
recorder.start()
work(550)
kept.append(bytearray(b"x") * (9 << 20))
last()
recorder.stop()
"""

OTHER = """
def elsewhere(function):
    return function(1) if function.__name__ == "leaf" else function()
"""


def near(found, wanted, what):
    check(abs(found - wanted) <= 1 << 20,
          "%s: %d bytes, not %d" % (what, found, wanted))


def read():
    name = path("read")
    result = plain(write("read.py", READ), name)
    equal((result.status, result.err), (0, ""), "the program that reads")
    with open(name + ".json") as file:
        seen, fakes = json.load(file)
    check(fakes >= 1, "no descriptor was met")
    trace = Trace(name + "-1.pmt")
    check(trace.complete(), "not whole: " + trace.warnings)
    classes = {line["id"]: line for line in trace.of("class")}
    probes = [r for r in trace.of("call")
              if classes[r["class"]]["what"] == 0 and
              trace.functions(classes[r["class"]]["stack"]) == ["probe"]]
    equal(len(probes), 15, "probes")
    for i, record in enumerate(probes):
        near(record["rss"], seen[i], "probe %d" % i)
        equal(record["rss_read"], 1, "probe %d is read" % i)
    check(seen[14] - seen[0] > 30 << 20, "the program did not grow")
    trace = Trace(name + "-1000000000.pmt")
    reads = [r["rss_read"] for r in trace.of("call")]
    equal(reads[0], 1, "the first event is read")
    check(sum(reads) <= 3, "%d reads in 1000 s" % sum(reads))
    equal({r["rss"] for r in trace.of("call") if not r["rss_read"]} -
          {r["rss"] for r in trace.of("call") if r["rss_read"]}, set(),
          "what is carried was read")


def objects():
    script = write("objects.py", OBJECTS)
    for on in (0, 1):
        name = path("objects-%d.pmt" % on)
        result = plain(script, name, str(on))
        equal((result.status, result.err), (0, ""), "object_rss=%d" % on)
        with open(name + ".json") as file:
            seen = json.load(file)
        trace = Trace(name)
        check(trace.complete(), "not whole: " + trace.warnings)
        equal("rss" in trace.stream()["hooks"], bool(on), "the hook rss")
        created = [r for r in trace.of("object") if r["op"] == "create"]
        equal(len(created), 12, "objects")
        if not on:
            check(not any("rss" in r for r in created), "rss unasked")
            continue
        for i, record in enumerate(created):
            near(record["rss"], seen[i], "object %d" % i)


def events(name):
    """[(what, function, file)] and the records."""
    trace = Trace(name)
    check(trace.complete(), "%s: not whole: %s" % (name, trace.warnings))
    classes = {line["id"]: line for line in trace.of("class")}
    found = []
    records = trace.of("call") or trace.of("line")
    for record in records:
        c = classes[record["class"]]
        node = trace.stacks[c["stack"]]
        code = trace.codes[node["code"]]
        found.append((c["what"], code["function"].split(".")[-1],
                      node["line"], code["file"]))
    return found, records


def compare(some, every, what):
    """Each recorded event is where the gaps before it put it."""
    found, records = some
    at = -1
    for event, record in zip(found, records):
        at += record["gap"] + 1
        equal(event, every[at] if at < len(every) else None,
              "%s: event %d" % (what, at))
    return at


def selected(mode):
    script = write("program.py", PROGRAM)
    write("other_code.py", OTHER)

    def record(name, settings):
        result = plain(script, path(name), mode, settings,
                       env={"PYTHONHASHSEED": "0"})
        equal((result.status, result.err), (0, ""), name)
        return events(path(name))

    every, _ = record(mode + "-all.pmt", "{}")
    last = max(i for i, e in enumerate(every)
               if e[1] == "last" and "program" in e[3])

    some = record(mode + "-trigger.pmt", "{'rss_trigger': 4 << 20}")
    total = compare(some, every, mode + ", trigger") + 1
    check(12 <= len(some[0]) <= 60, "%s, trigger: %d events of %d"
          % (mode, len(some[0]), len(every)))
    # The last step shows at the line that calls last(), or at its call.
    check(last - 4 < total <= len(every), "%s, trigger: gaps and records make "
          "%d of %d" % (mode, total, len(every)))
    moved = [b["rss"] - a["rss"] for a, b in zip(some[1], some[1][1:])]
    steps = [m for m in moved if m >= 4 << 20]
    check(6 <= len(steps) <= 9, "%s: steps %s" % (mode, moved))
    # Before each step stands the event before.
    for i, m in enumerate(moved):
        if m >= 4 << 20:
            equal(some[1][i + 1]["gap"], 0, mode + ": gap at a step")

    some = record(mode + "-files.pmt", "{'files': '*/other_code.py'}")
    equal(len(some[0]), sum(e[3].endswith("other_code.py") for e in every),
          mode + ", files")
    compare(some, every, mode + ", files")


def main():
    read()
    selected("call")
    selected("line")
    if sys.version_info >= (3, 13):
        objects()
    finish()


main()
