"""The mode sample: figures against /proc read by Python at the same moments,
the ticks, what is left at the end, and other modes beside it."""
# MODE: sample
# RUN: few

import mmap
import os
import resource
import socket
import sys
import threading
import time

import pmtrace
from recorder_support import (Trace, check, equal, finish, path, plain, run,
                              write)

PAGE = os.sysconf("SC_PAGE_SIZE")
NEAR = 3 << 20  # what else may come and go between two reads
CHEAP = ("minor_faults major_faults cpu_user cpu_system threads nice state "
         "rss vms shared rss_peak swap ctx_voluntary ctx_involuntary").split()


def samples(name):
    trace = Trace(name)
    check(trace.complete(), "%s: not whole: %s" % (name, trace.warnings))
    return trace, sorted(trace.of("sample"), key=lambda one: one["time_ns"])


def read(name):
    with open("/proc/self/" + name) as file:
        return file.read()


def field(text, name):
    for line in text.splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1])
    return 0


def kinds_of_files():
    """What is open, but what the list itself needs."""
    found = []
    for name in os.listdir("/proc/self/fd"):
        try:
            to = os.readlink("/proc/self/fd/" + name)
        except OSError:
            continue
        found.append("socket" if to.startswith("socket:") else
                     "pipe" if to.startswith("pipe:") else "other")
    return found


def now():
    """{figure: value} as Python reads them."""
    stat = read("stat").rpartition(")")[2].split()
    status, statm = read("status"), read("statm").split()
    usage = resource.getrusage(resource.RUSAGE_SELF)
    rollup, io = read("smaps_rollup"), read("io")
    tick = 10 ** 9 // os.sysconf("SC_CLK_TCK")
    return {
        "rss": int(statm[1]) * PAGE, "vms": int(statm[0]) * PAGE,
        "shared": int(statm[2]) * PAGE,
        "minor_faults": int(stat[7]), "major_faults": int(stat[9]),
        "cpu_user": int(stat[11]) * tick, "cpu_system": int(stat[12]) * tick,
        "threads": int(stat[17]), "nice": int(stat[16]),
        "rss_peak": field(status, "VmHWM") * 1024,
        "swap": field(status, "VmSwap") * 1024,
        "ctx_voluntary": usage.ru_nvcsw, "ctx_involuntary": usage.ru_nivcsw,
        "pss": field(rollup, "Pss") * 1024,
        "uss": (field(rollup, "Private_Clean") +
                field(rollup, "Private_Dirty")) * 1024,
        "read_bytes": field(io, "read_bytes"),
        "written_bytes": field(io, "write_bytes"),
        "read_chars": field(io, "rchar"), "written_chars": field(io, "wchar"),
    }


def compare(values, before, after, what):
    """What only rises lies between, what is stopped is the same, sizes of
    memory are near."""
    for name in ("minor_faults", "major_faults", "ctx_voluntary",
                 "ctx_involuntary", "read_bytes", "written_bytes",
                 "read_chars", "written_chars", "rss_peak"):
        if name in values:
            check(before[name] <= values[name] <= after[name],
                  "%s: %s: %d, not %d to %d" % (
                      what, name, values[name], before[name], after[name]))
    for name in ("cpu_user", "cpu_system"):
        # The system shares ticks out to the two anew each time.
        check(before[name] - 20000000 <= values[name] <=
              after[name] + 20000000, "%s: %s: %d, not %d to %d" % (
                  what, name, values[name], before[name], after[name]))
    for name in ("threads", "nice"):
        equal(values[name], before[name], "%s: %s" % (what, name))
    for name in ("rss", "vms", "shared", "pss", "uss", "swap"):
        if name in values:
            check(abs(values[name] - before[name]) < NEAR,
                  "%s: %s: %d, not about %d" % (what, name, values[name],
                                                before[name]))


def at_marks():
    """Start, marks and stop, and nothing else, of all groups."""
    name = path("marks.pmt")
    groups = "memory,cpu,status,pss,io,files,net,cgroup,maps"
    kept, wanted, files = [], [], []
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen(1)
    other = socket.create_connection(listening.getsockname())
    with pmtrace.Recorder(name, mode="sample", sample_groups=groups,
                          sample_ms=3600000) as r:
        for i in range(6):
            if i % 3 == 2:
                kept.pop().close()
            else:
                kept.append(mmap.mmap(-1, 32 << 20))
                kept[-1].write(b"x" * (32 << 20))
            before = now()
            r.mark(str(i))
            wanted.append((before, now()))
            files.append(kinds_of_files())
    trace, found = samples(name)
    marks = [line["time_ns"] for line in trace.of("mark")] + [
        max(s["time_ns"] for s in found if "rss" in s["values"])]
    matched = 0
    for i, (before, after) in enumerate(wanted):
        inside = [s["values"] for s in found if "rss" in s["values"] and
                  marks[i] <= s["time_ns"] < marks[i] + 10 ** 9 and
                  s["time_ns"] < marks[i + 1]]
        if not inside:  # reading all groups takes its time
            continue
        matched, values = matched + 1, inside[0]
        compare(values, before, after, "mark %d" % i)
        equal(values["files_socket"], files[i].count("socket"), "sockets")
        equal(values["files_pipe"], files[i].count("pipe"), "pipes")
        check(abs(values["files"] - len(files[i])) <= 1, "files: %d of %d" %
              (values["files"], len(files[i])))
        equal((values["connections_listen"],
               values["connections_established"] >= 1), (1, True), "net")
        maps = [s["values"] for s in found if "map_rss:[heap]" in s["values"]
                and marks[i] <= s["time_ns"] < marks[i + 1]]
        sum_ = sum(v for k, v in maps[0].items() if k.startswith("map_rss:"))
        check(abs(sum_ - before["rss"]) < NEAR, "maps: %d, not %d"
              % (sum_, before["rss"]))
    check(matched >= 3, "marks: samples at %d of %d" % (matched, len(wanted)))
    listening.close()
    other.close()


def many_marks():
    """A program that marks all the time is not held up by it."""
    name = path("rate.pmt")
    with pmtrace.Recorder(name, mode="sample", sample_ms=3600000):
        for i in range(20000):
            pmtrace.mark("x")
    _, found = samples(name)
    check(10 < len(found) < 19000, "20000 marks: %d samples" % len(found))


def busy(seconds):
    end = time.monotonic() + seconds
    n = 0
    while time.monotonic() < end:
        n += 1


def lateness(times, every):
    """How late each tick was, by the one that was least."""
    first = min(t - round((t - times[0]) / every) * every for t in times)
    return sorted((t - first) % every for t in times)


def ticks(ms, seconds, mode):
    name = path("ticks-%s-%d.pmt" % (mode, ms))
    with pmtrace.Recorder(name, mode=mode, sample_ms=ms, frames=2):
        busy(seconds)
    _, found = samples(name)
    equal([v for v in found[0]["values"]], CHEAP, "the usual figures")
    times = [s["time_ns"] for s in found][1:-1]
    wanted = seconds * 1000 / ms
    check(wanted * 0.3 <= len(times) <= wanted + 2,
          "%s, %d ms: %d ticks of %d" % (mode, ms, len(times), wanted))
    late = lateness(times, ms * 1000000)
    print("%s, %d ms: %d of %d ticks, late by %.3f ms (median), %.3f (99 %%)"
          % (mode, ms, len(times), wanted, late[len(late) // 2] / 1e6,
             late[len(late) * 99 // 100] / 1e6))
    check(ms < 100 or late[len(late) // 2] < 0.5 * ms * 1000000, "median")
    cpu = [s["values"]["cpu_user"] + s["values"]["cpu_system"] for s in found]
    equal(cpu, sorted(cpu), "%s: processor time rises" % mode)


def threads_now():
    found = []
    for tid in os.listdir("/proc/self/task"):
        try:
            with open("/proc/self/task/%s/comm" % tid) as file:
                found.append(file.read().strip())
        except OSError:
            pass
    return sorted(found)


def nothing_left():
    files, threads = sorted(os.listdir("/proc/self/fd")), threads_now()
    for ms in (1, 50, 3600000):
        r = pmtrace.Recorder(path("left-%d.pmt" % ms), mode="sample",
                             sample_ms=ms)
        r.start()
        time.sleep(0.1)
        check("pmtrace-sample" in threads_now(), "no thread")
        r.stop()
        time.sleep(0.01)
        equal(threads_now(), threads, "threads")
        equal(sorted(os.listdir("/proc/self/fd")), files, "descriptors")


def steps():
    """Memory that comes and goes while nothing else happens."""
    name = path("steps.pmt")
    levels = []
    with pmtrace.Recorder(name, mode="alloc,rss,sample", sample_ms=5):
        maps = []
        for _ in range(4):
            maps.append(mmap.mmap(-1, 32 << 20))
            maps[-1].write(b"x" * (32 << 20))
            levels.append((time.monotonic_ns(), now()["rss"]))
            time.sleep(0.1)
            levels[-1] += (time.monotonic_ns(),)
    trace, found = samples(name)
    check(len(trace.of("alloc")) > 0, "steps: alloc")
    check(any(list(s["values"]) == ["rss"] for s in found), "steps: rss")
    start = trace.stream()["start"][0]
    for begin, value, end in levels:
        inside = [s["values"]["rss"] for s in found if "vms" in s["values"]
                  and begin <= s["time_ns"] + start <= end]
        check(len(inside) >= 3, "steps: %d in 100 ms" % len(inside))
        check(all(abs(one - value) < NEAR for one in inside),
              "steps: %s, not %d" % (inside[:3], value))


CHILD = """\
import os, sys, time, warnings
warnings.simplefilter("error")
import pmtrace
with pmtrace.Recorder(sys.argv[1], mode="alloc,sample", sample_ms=5,
                      children=1):
    time.sleep(0.1)
    for i in range(3):
        pid = os.fork()
        if pid == 0:
            kept = bytearray(64 << 20)
            time.sleep(0.15)
            sys.exit(0)
        os.waitpid(pid, 0)
    time.sleep(0.1)
"""


def forks():
    """The parent goes on, each child begins anew; CPython has nothing to say
    of threads in a process that forks."""
    name = path("fork.pmt")
    result = plain(write("fork.py", CHILD), name)
    equal(result.triple(), (0, "", ""), "fork")
    _, parent = samples(name)
    gaps = [b["time_ns"] - a["time_ns"] for a, b in zip(parent, parent[1:])]
    check(len(parent) > 30, "fork: %d samples" % len(parent))
    check(max(gaps) < 2 * 10 ** 9, "fork: a gap of %d ns" % max(gaps))
    children = [n for n in os.listdir(os.path.dirname(name))
                if n.startswith("fork-") and n.endswith(".pmt")]
    equal(len(children), 3, "fork: children")
    for child in children:
        _, found = samples(path(child))
        check(len(found) > 8, "fork: %d samples of a child" % len(found))
        check(max(s["values"]["rss"] for s in found) -
              found[0]["values"]["rss"] > 60 << 20, "fork: it grew")


def from_without():
    name = path("program.pmt")
    result = run(["pmt", "record", "-o", name, "--mode", "sample",
                  "--sample-ms", "5", "--sample-groups", "memory,pss", "--",
                  sys.executable, write("p.py", "import time\n"
                                        "time.sleep(0.2)\n")])
    equal(result.triple(), (0, "", ""), "pmt record")
    trace, found = samples(name)
    check(len(found) > 8, "pmt record: %d samples" % len(found))
    equal(set(found[0]["values"]), {"rss", "vms", "shared", "pss", "uss",
                                    "swap_pss"}, "groups")
    check("sample" in trace.stream()["hooks"], "hook")


at_marks()
many_marks()
ticks(10, 1.0, "sample")
ticks(10, 0.5, "alloc,sample")
ticks(100, 0.7, "sample")
nothing_left()
steps()
forks()
from_without()
finish()
