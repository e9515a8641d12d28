"""pmt attach and pmt detach: a process that runs already is recorded, by
sys.remote_exec."""
# MODE: alloc

import glob
import os
import signal
import subprocess
import sys
import time

from recorder_support import (PYTHON, Trace, check, equal, finish, path, run,
                              sized, skip, write)

# Works in rounds: for each line on stdin it allocates 50 blocks of a size of
# its own, and says so.
ROUNDS = write("rounds.py", """\
import sys
kept = []
print("ready", flush=True)
while True:
    line = sys.stdin.readline()
    if not line:
        break
    kept = [bytearray(int(line)) for n in range(50)]
    print("made", line.strip(), flush=True)
print("end", sorted(name for name in sys.modules if name == "pmtrace"),
      len(sys.path), flush=True)
""")

BUSY = write("busy.py", """\
import threading, time
stop = time.monotonic() + 60
def work():
    while time.monotonic() < stop:
        kept = [bytearray(23456) for n in range(10)]
        time.sleep(0.005)
threads = [threading.Thread(target=work) for n in range(3)]
for thread in threads:
    thread.start()
print("ready", flush=True)
while time.monotonic() < stop:
    kept = bytearray(23456)
    for n in range(30000):
        pass
""")

SLEEPY = write("sleepy.py", """\
import sys, time
print("ready", flush=True)
time.sleep(float(sys.argv[1]))
kept = [bytearray(34567) for n in range(50)]
del kept
print("woke", flush=True)
sys.stdin.readline()
""")


def begin(*words, **how):
    """A program, when it has said that it is ready."""
    process = subprocess.Popen(
        [PYTHON] + list(words), stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        universal_newlines=True, **how)
    equal(process.stdout.readline(), "ready\n", "it began")
    return process


def end(process, wanted=0):
    out, err = process.communicate("", timeout=60)
    equal((process.returncode, err), (wanted, ""), "how it ended")
    return out


def kill(process, number=signal.SIGKILL):
    process.send_signal(number)
    process.communicate(timeout=60)


def attach(process, *options, **how):
    return run(["pmt", "attach"] + list(options) + [str(process.pid)], **how)


def detach(process, *options):
    return run(["pmt", "detach"] + list(options) + [str(process.pid)])


def is_refused(result, command, text, status=2):
    equal((result.status, result.out, result.err.count("\n")),
          (status, "", 1), command + " is refused: " + result.err)
    check(result.err.startswith("pmt-%s: " % command) and text in result.err,
          "%r says %r" % (result.err, text))


def leftovers():
    return sorted(sum((glob.glob(place + "/pmtrace-*")
                       for place in ("/tmp", "/var/tmp", "/dev/shm")), []))


# ---- what every version has ----

is_refused(run(["pmt", "attach", "0"]), "attach", "not the number")
is_refused(run(["pmt", "attach", "x"]), "attach", "not the number")
child = subprocess.Popen(["sleep", "60"])
is_refused(attach(child), "attach", "is not Python")
kill(child)
is_refused(attach(child), "attach", "no such process")
is_refused(detach(child), "detach", "no such process")

if sys.version_info < (3, 14):
    target = begin(ROUNDS)
    for refused, name in ((attach(target), "attach"),
                          (detach(target), "detach")):
        is_refused(refused, name, "is CPython %d.%d, and only 3.14"
                   % sys.version_info[:2])
        check("pmt record" in refused.err, "it says what to use instead")
    end(target)
    finish()

# ---- attach, detach, attach again ----

target = begin(ROUNDS)
there = leftovers()


def round_of(process, size):
    process.stdin.write("%d\n" % size)
    process.stdin.flush()
    equal(process.stdout.readline(), "made %d\n" % size, "a round")


def taken(trace, size):
    """Blocks that bytearrays of this size had; a byte more for each."""
    return len(sized(trace, size, size + 64))


def attach_soon(process, size, *options):
    """The process reads a line, which Python answers in between. The command
    waits meanwhile."""
    asking = subprocess.Popen(
        ["pmt", "attach"] + list(options) + [str(process.pid)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        universal_newlines=True)
    return answered(process, size, asking)


def detach_soon(process, size, *options):
    asking = subprocess.Popen(
        ["pmt", "detach"] + list(options) + [str(process.pid)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        universal_newlines=True)
    return answered(process, size, asking)


def answered(process, size, asking):
    time.sleep(0.5)
    round_of(process, size)
    out, err = asking.communicate(timeout=60)
    return asking.returncode, out, err


folder = path("elsewhere")
os.mkdir(folder)
round_of(target, 11111)
equal(attach_soon(target, 12000, "-o", path("first.pmt")), (0, "", ""),
      "attach")
round_of(target, 22222)
equal(os.stat(path("first.pmt")).st_mode & 0o7777, 0o600, "its mode")
status, out, err = attach_soon(target, 12000, "-o", path("other.pmt"))
equal((status, out, "already, into " + path("first.pmt") in err),
      (2, "", True), "attach twice: " + err)
check(not os.path.exists(path("other.pmt")), "no trace of the second")
is_refused(attach(target, "-o", path("first.pmt")), "attach",
           "is being recorded by process")
equal(detach_soon(target, 12000), (0, "", ""), "detach")
round_of(target, 33333)
status, out, err = detach_soon(target, 12000)
equal((status, out, "is not being recorded" in err), (1, "", True),
      "detach twice: " + err)
is_refused(attach(target, "-o", path("first.pmt")), "attach",
           "is there already")
first = Trace(path("first.pmt"))
check(first.complete(), "the first trace is complete: %r" % first.warnings)
equal((taken(first, 11111), taken(first, 22222), taken(first, 33333)),
      (0, 50, 0), "what is in the first")
marks = [mark["text"] for mark in first.of("mark")]
equal((marks[0], marks[-1]), ("pmtrace: attached", "pmtrace: detached"),
      "marks")
equal(first.stream()["pid"], target.pid, "the process")
check(not os.path.exists(path("first.pmt.journal")), "no journal is left")

# A relative name is in the folder of whoever attaches; %p is the process. The
# end of the process finishes the trace.
asking = subprocess.Popen(["pmt", "attach", "-v", "-o", "%%-%p.pmt",
                           str(target.pid)], cwd=folder,
                          stderr=subprocess.PIPE, universal_newlines=True)
status, out, err = answered(target, 12000, asking)
second = os.path.join(folder, "%%-%d.pmt" % target.pid)
equal((status, err), (0, "pmt-attach: process %d: records into %s\n"
                      % (target.pid, second)), "attach -v")
round_of(target, 44444)
equal(end(target).split(), ["end", "['pmtrace']", str(len(sys.path))],
      "its own end, and its sys.path")
trace = Trace(second)
check(trace.complete(), "the second trace is complete: %r" % trace.warnings)
equal((taken(trace, 33333), taken(trace, 44444)), (0, 50),
      "what is in the second")

# ---- threads, and main busy: at once ----

target = begin(BUSY)
began = time.monotonic()
equal(attach(target, "-o", path("busy.pmt")).triple(), (0, "", ""), "busy")
check(time.monotonic() - began < 5, "at once")
time.sleep(0.3)
equal(detach(target).triple(), (0, "", ""), "detach of a busy one")
equal(attach(target, "-o", path("killed.pmt"), "--frames=4").triple(),
      (0, "", ""), "attach again")
time.sleep(1.2)
kill(target)
trace = Trace(path("busy.pmt"))
check(trace.complete(), "the trace is complete: %r" % trace.warnings)
by_thread = {record["thread"] for record in sized(trace, 23456, 23520)}
equal(len(by_thread), 4, "threads")
trace = Trace(path("killed.pmt"))
check(taken(trace, 23456) > 100 and not trace.of("damage"),
      "a killed process' trace: %r" % trace.warnings)
is_refused(detach(target), "detach", "no such process")

# ---- asleep ----

target = begin(SLEEPY, "4")
refused = attach(target, "-o", path("late.pmt"), "--wait=200ms")
is_refused(refused, "attach", "did not answer within 0.2 s")
check("sleeps" in refused.err and "--wait" in refused.err, refused.err)
equal(target.stdout.readline(), "woke\n", "it wakes")
check(not os.path.exists(path("late.pmt")),
      "it is not recorded after it was given up")
end(target)
target = begin(SLEEPY, "1.5")
equal(attach(target, "-o", path("asleep.pmt")).triple(), (0, "", ""),
      "one that sleeps answers when it wakes")
equal(target.stdout.readline(), "woke\n", "it wakes")
end(target)
trace = Trace(path("asleep.pmt"))
check(trace.complete(), "the trace is complete: %r" % trace.warnings)
equal(taken(trace, 34567), 50, "what it did after its sleep")

# ---- who lets nobody in, and who records itself ----

target = begin(BUSY, env=dict(os.environ, PYTHON_DISABLE_REMOTE_DEBUG="1"))
is_refused(attach(target, "-o", path("no.pmt")), "attach",
           "PYTHON_DISABLE_REMOTE_DEBUG")
kill(target)
own = write("own.py", """\
import sys, pmtrace
with pmtrace.Recorder(sys.argv[1]):
    exec(open(sys.argv[2]).read())
""")
target = begin(own, path("own.pmt"), BUSY)
is_refused(attach(target, "-o", path("no.pmt")), "attach", "already, into")
is_refused(detach(target), "detach", "by itself", 1)
kill(target)

# One that PMTRACE began is ended too.
target = begin("-m", "pmtrace", "-o", path("whole.pmt"), BUSY)
equal(detach(target).triple(), (0, "", ""), "detach of pmtrace's")
check(Trace(path("whole.pmt")).complete(), "it is whole")
kill(target)

if os.getuid() == 0 and run(["setpriv", "--version"]).status == 0:
    # Another user's: root may, and the trace is that user's; and a user may
    # not where the process is root's.
    other = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    os.chmod(os.path.dirname(path("x")), 0o777)
    process = subprocess.Popen(other + [PYTHON, "-c", open(BUSY).read()],
                               stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, cwd="/",
                               universal_newlines=True)
    ready = process.stdout.readline()
    if ready == "ready\n":
        equal(attach(process, "-o", path("nobody.pmt")).triple(),
              (0, "", ""), "another user's process")
        equal((os.stat(path("nobody.pmt")).st_uid,
               os.stat(path("nobody.pmt")).st_mode & 0o7777),
              (65534, 0o600), "its trace is its own")
        equal(detach(process).triple(), (0, "", ""), "and detach")
        kill(process)
        target = begin(BUSY)
        is_refused(run(other + ["pmt", "attach", str(target.pid)], cwd="/"),
                   "attach", "no permission")
        kill(target)
    else:
        kill(process)

# ---- a signal of the program's own, just then ----

target = begin(write("signalled.py", """\
import os, signal, sys, time
def leave(number, frame):
    raise SystemExit(3)
signal.signal(signal.SIGUSR1, leave)
def hook(event, args):
    if event == "import" and args[0] == "pmtrace" and len(sys.argv) == 1:
        sys.argv.append("")
        os.kill(os.getpid(), signal.SIGUSR1)
sys.addaudithook(hook)
print("ready", flush=True)
stop = time.monotonic() + 20
while time.monotonic() < stop:
    pass
"""))
asked = attach(target, "-o", path("signalled.pmt"))
out, err = target.communicate(timeout=60)
equal((target.returncode, err), (3, ""), "its own exit goes on")
check(asked.status in (0, 2), "attach came to an end: %r" % asked.err)

# What other tests make beside this one goes too.
left = [name for name in leftovers() if name not in there]
until = time.monotonic() + 15
while any(map(os.path.exists, left)) and time.monotonic() < until:
    time.sleep(0.1)
equal([name for name in left if os.path.exists(name)], [],
      "nothing is left behind")
finish()
