"""Threads, forks and child processes under the recorder."""
# RUN: few
# MODE: alloc

import collections
import os
import sys
import threading
import _thread

import pmtrace
from recorder_support import (Trace, check, equal, finish,
                              inconsistencies, path, record, run, sized,
                              write)

BASE = 10000000
STEP = 100000


def work(number, rounds):
    for i in range(rounds):
        keep = [bytearray(BASE + number * STEP + i) for _ in range(1)]
        text = [str(j) for j in range(50)]
        del keep, text


def many_threads():
    """Each thread's records carry its own id, name and stack."""
    count, rounds = 8, 40
    begin = threading.Barrier(count)
    ready = threading.Barrier(count + 1)
    done = threading.Event()

    def run_one(number):
        begin.wait()
        work(number, rounds)
        ready.wait()
        done.wait()

    with pmtrace.Recorder(path("many.pmt"), when_full="wait"):
        threads = [threading.Thread(target=run_one, args=(i,),
                                    name="worker-%d" % i)
                   for i in range(count)]
        for t in threads:
            t.start()
        ready.wait()
        pmtrace._name_threads()
        done.set()
        for t in threads:
            t.join()
    trace = Trace(path("many.pmt"))
    check(trace.complete(), "threads: not whole: " + trace.warnings)
    equal(inconsistencies(trace), [], "threads: addresses")
    for number in range(count):
        low = BASE + number * STEP
        found = sized(trace, low, low + STEP)
        equal(len(found), rounds, "thread %d: allocations" % number)
        ids = {r["thread"] for r in found}
        equal(len(ids), 1, "thread %d: ids %s" % (number, ids))
        names = [t["name"] for t in trace.of("thread") if t["id"] in ids]
        equal(names[-1:], ["worker-%d" % number], "thread %d" % number)
        for r in found:
            check("run_one" in trace.functions(r["stack"]),
                  "thread %d: %s" % (number, trace.functions(r["stack"])))
    idents = [t["ident"] for t in trace.of("thread")]
    check(threading.get_ident() in idents, "threads: idents %s" % idents)


def more_threads_than_segments():
    """A thread that ends gives its segment up; one that lives and does
    nothing has it taken away."""
    with pmtrace.Recorder(path("ended.pmt"), segments=8,
                          when_full="wait") as r:
        for _ in range(100):
            t = threading.Thread(target=work, args=(0, 1))
            t.start()
            t.join()
    equal(r.stats()["lost"]["full"], 0, "ended threads: lost")
    trace = Trace(path("ended.pmt"))
    equal(trace.lost(), 0, "ended threads: lost in the trace")
    equal(len(sized(trace, BASE, BASE + STEP)), 100, "ended threads")
    check(len(trace.threads) >= 100, "ended threads: %d"
          % len(trace.threads))

    count = 300
    for when_full in ("wait", "drop"):
        with pmtrace.Recorder(path("crowd.pmt"), segments=16, force=True,
                              when_full=when_full) as r:
            gates = [threading.Event() for _ in range(3)]
            here = threading.Semaphore(0)

            def live(number):
                for gate in gates:
                    keep = bytearray(BASE + number)
                    here.release()
                    gate.wait()
                    del keep

            threads = [threading.Thread(target=live, args=(i,))
                       for i in range(count)]
            for t in threads:
                t.start()
            for gate in gates:
                for _ in range(count):
                    here.acquire()
                gate.set()
            for t in threads:
                t.join()
        lost = r.stats()["lost"]["full"]
        trace = Trace(path("crowd.pmt"))
        equal(trace.lost(), lost, "crowd: lost")
        found = collections.Counter(
            r["size"] for r in sized(trace, BASE, BASE + 2 * count))
        if when_full == "wait":
            equal(lost, 0, "crowd: lost though idle threads have room")
            equal((len(found), set(found.values())), (count, {3}),
                  "crowd: allocations")
            equal(inconsistencies(trace), [], "crowd: addresses")
        print("crowd, %s: %d of %d lost" % (when_full, lost,
                                            r.stats()["records"]))

    with pmtrace.Recorder(path("room.pmt"), segments=64,
                          when_full="wait") as r:
        gate = threading.Event()
        threads = [threading.Thread(target=lambda: (work(1, 1), gate.wait()))
                   for _ in range(30)]
        for t in threads:
            t.start()
        gate.set()
        for t in threads:
            t.join()
    equal(r.stats()["lost"]["full"], 0, "room: lost")


def names():
    """Of threads that live at the end, or at a mark, all; of those that have
    ended before, what the system calls them (3.14: their name too)."""
    def named(name, wait):
        thread = threading.Thread(target=lambda: (work(4, 1), wait.wait()),
                                  name=name)
        thread.start()
        return thread

    with pmtrace.Recorder(path("names.pmt"), when_full="wait"):
        gate = threading.Event()
        ended = [named("ended-%d" % i, gate) for i in range(3)]
        gate.set()
        for thread in ended:
            thread.join()
        gate = threading.Event()
        living = [named("living-%d-of-a-long-name" % i, gate)
                  for i in range(3)]
        natives = [getattr(t, "native_id", None) for t in living]
        work(4, 3)
    gate.set()
    for thread in living:
        thread.join()
    threads = {}
    for t in Trace(path("names.pmt")).of("thread"):
        threads[t["id"]] = t
    known = {t["name"]: t for t in threads.values()}
    for thread, native in zip(living, natives):
        found = known.get(thread.name)
        check(found is not None, "names: no %s" % thread.name)
        if found is not None:
            equal((found["ident"], found["native_id"]),
                  (thread.ident, native), "names: " + thread.name)
    check("MainThread" in known, "names: no MainThread")
    if sys.version_info >= (3, 14):
        for thread in ended:
            check(thread.name in known, "names: no %s" % thread.name)


def threads_without_threading():
    lock = _thread.allocate_lock()
    lock.acquire()

    def bare():
        work(2, 3)
        lock.release()

    with pmtrace.Recorder(path("bare.pmt"), when_full="wait"):
        _thread.start_new_thread(bare, ())
        lock.acquire()
    found = sized(Trace(path("bare.pmt")), BASE + 2 * STEP, BASE + 3 * STEP)
    equal(len(found), 3, "bare thread")


def daemons_at_exit():
    """Threads that still run when Python ends."""
    script = write("daemon.py", """\
import threading, time
def spin():
    while True:
        x = [bytes(1000 + i) for i in range(100)]
for _ in range(3):
    threading.Thread(target=spin, daemon=True).start()
time.sleep(0.3)
print('end')
""")
    for i in range(10):
        trace = path("daemon-%d.pmt" % i)
        result = record(trace, script)
        equal(result.triple(), (0, "end\n", ""), "daemon threads")
        sound = run(["pmt", "check", trace])
        check(sound.status == 0 and not os.path.exists(trace + ".journal"),
              "daemon threads: " + sound.out + sound.err)


def forks():
    """With --no-children the child of a fork is not recorded and is not
    harmed; it may begin a recording of its own."""
    script = write("fork.py", """\
import os, sys, threading, subprocess, multiprocessing
import pmtrace

def hold(n):
    return [bytearray(%d + n) for _ in range(3)]

def child_of(how):
    pid = os.fork()
    if pid == 0:
        x = hold(500)
        if pmtrace.active():
            os._exit(8)
        pmtrace.mark('child')
        if how == 'exec':
            os.execv(sys.executable, [sys.executable, '-c', 'print(1)'])
        if how == '_exit':
            os._exit(3)
        if how == 'thread':
            t = threading.Thread(target=hold, args=(501,))
            t.start()
            t.join()
        if how == 'own':
            with pmtrace.Recorder(sys.argv[1], when_full='wait'):
                y = hold(504)
        sys.exit(4)
    sys.stdout.flush()
    return os.waitpid(pid, 0)[1]

for how in ('exec', '_exit', 'exit', 'thread', 'own'):
    hold(0)
    print(how, child_of(how), flush=True)
stop = []
def busy():
    while not stop:
        hold(100)
busy_threads = [threading.Thread(target=busy) for _ in range(2)]
for t in busy_threads:
    t.start()
ends = {child_of('_exit') for _ in range(20)}
stop.append(1)
print(ends)
for t in busy_threads:
    t.join()
print(subprocess.check_output([sys.executable, '-c', 'print(5)']))
print(subprocess.check_output(['sh', '-c', 'echo 6'],
                              preexec_fn=lambda: hold(502)))
context = multiprocessing.get_context('fork')
with context.Pool(2) as pool:
    print(pool.map(len, ['a', 'bb', 'ccc']))
p = context.Process(target=hold, args=(503,))
p.start(); p.join(); print(p.exitcode)
hold(1)
print('end')
""" % BASE)
    trace = path("fork.pmt")
    own = path("own.pmt")
    result = record(trace, script, own, python=["-W", "ignore"],
                    options=["--no-children"])
    equal(result.triple(), (0, "1\nexec 0\n_exit 768\nexit 1024\n"
                            "thread 1024\nown 1024\n{768}\nb'5\\n'\nb'6\\n'\n"
                            "[1, 2, 3]\n0\nend\n", ""), "forks")
    found = Trace(trace)
    check(found.complete(), "forks: not whole: " + found.warnings)
    equal(len(found.of("stream")), 1, "forks: streams")
    equal(sized(found, BASE + 500, BASE + 600), [], "forks: child's records")
    check(len(sized(found, BASE, BASE + 100)) >= 18, "forks: parent's")
    equal(found.of("mark"), [], "forks: child's marks")
    found = Trace(own)
    check(found.complete(), "forks: own: not whole: " + found.warnings)
    equal(len(sized(found, BASE, BASE + 600)), 3, "forks: the child's own")


many_threads()
more_threads_than_segments()
names()
threads_without_threading()
daemons_at_exit()
forks()
finish()
