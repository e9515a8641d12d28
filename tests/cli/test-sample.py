#!/usr/bin/env python3
"""pmt sample: what it says of processes is what ps and psutil say.

The processes are stopped (SIGSTOP) while both look, so that the instants are
the same. How programs begin and end is known to the test, which starts them.
"""

import collections
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import kit

try:
    import psutil
except ImportError:
    psutil = None

checks = kit.Checks()


def equal(what, got, want):
    checks.equal(got, want, what)


def that(what, condition):
    checks.true(condition, what)


kit.scratch()

TARGET = """
import os, socket, sys, threading, time
data = [bytearray(1 << 20) for _ in range(30)]
files = [open(os.devnull) for _ in range(5)] + [open(sys.executable, "rb")]
server = socket.socket(); server.bind(("127.0.0.1", 0)); server.listen()
client = socket.create_connection(server.getsockname())
other, _ = server.accept()
pipe = os.pipe()
event = threading.Event()
for _ in range(3):
    threading.Thread(target=event.wait, daemon=True).start()
sum(i * i for i in range(2000000))
open(sys.argv[1], "wb").write(b"x" * 100000)
print("ready", flush=True)
time.sleep(60)
"""


def lines(trace):
    done = kit.run("dump", "--json", trace)
    equal("dump %s" % trace, done.status, 0)
    return done.json()


def of(found, kind, pid=None):
    return [line for line in found if line.get("kind") == kind and
            (pid is None or line.get("pid") == pid)]


def start(script, *args):
    process = subprocess.Popen([sys.executable, "-c", script] + list(args),
                               stdout=subprocess.PIPE)
    process.stdout.readline()
    return process


def values_of(pid, trace, groups):
    """The last sample of a process, its records' figures together."""
    done = kit.run("sample", "-i", "0.1", "--duration", "0.15", "-g", groups,
                   "-f", "-o", trace, "-p", str(pid))
    equal("sample %s" % groups, done.status, 0)
    values = {}
    for line in of(lines(trace), "sample", pid):
        values.update(line["values"])
    return values


def stop(pid):
    os.kill(pid, signal.SIGSTOP)
    for _ in range(500):
        if b"State:\tT" in kit.read("/proc/%d/status" % pid):
            return
        time.sleep(0.01)


def ps(pid, field):
    return int(subprocess.check_output(["ps", "-o", field + "=", "-p",
                                        str(pid)]))


def agrees_with_pidstat(pid, got):
    """pidstat without an interval tells of the time since the start of the
    system: what only rises as a rate of it, to two places."""
    out = subprocess.check_output(
        ["pidstat", "-h", "-H", "-r", "-u", "-v", "-w", "-p", str(pid)],
        env=dict(os.environ, LC_ALL="C"), text=True)
    up = float(kit.read("/proc/uptime").split()[0])
    titles, values = [line.split() for line in out.splitlines()[-2:]]
    said = dict(zip(titles[1:], values))
    equal("pidstat VSZ", got["vms"], int(said["VSZ"]) * 1024)
    # From `stat`, where each processor may owe 32 pages to each of three
    # counts (Linux 6.2); `statm`, as ps and psutil read it, adds them up.
    that("pidstat RSS: %s KiB, %d" % (said["RSS"], got["rss"]),
         abs(int(said["RSS"]) * 1024 - got["rss"]) <=
         3 * 32 * os.cpu_count() * os.sysconf("SC_PAGE_SIZE"))
    equal("pidstat threads and files", [got["threads"], got["files"]],
          [int(said["threads"]), int(said["fd-nr"])])
    for title, theirs in (
            ("minflt/s", got["minor_faults"]), ("majflt/s",
                                                got["major_faults"]),
            ("cswch/s", got["ctx_voluntary"]),
            ("nvcswch/s", got["ctx_involuntary"]),
            ("%usr", got["cpu_user"] / 1e7),
            ("%system", got["cpu_system"] / 1e7)):
        rate = theirs / up
        that("pidstat %s: %s, %.4f" % (title, said[title], rate),
             abs(float(said[title]) - rate) < 0.006 + rate / 1000)


INSIDE = """
import sys, time
data = [bytearray(1 << 20) for _ in range(30)]
kept = [open("/dev/null") for _ in range(9)]
sum(i * i for i in range(2000000))
print("ready", flush=True)
while True:
    time.sleep(60)
"""


def agrees_with_psutil_inside():
    """Mode sample, of the process itself: stopped after a sample."""
    package = os.path.join(os.environ["PMT_BUILD"], "python")
    python, program, trace = sys.executable, "inside.py", "inside.pmt"
    kit.write(program, INSIDE.encode())
    env = dict(os.environ, PYTHONPATH=package)
    if not psutil or subprocess.run(
            [python, "-c", "import pmtrace._recorder"], env=env,
            stderr=subprocess.DEVNULL).returncode != 0:
        return
    target = subprocess.Popen(
        [python, "-m", "pmtrace", "--mode=sample", "--sample-ms=40",
         "--sample-groups=memory,cpu,status,pss,io,files", "-o", trace,
         program], env=env, stdout=subprocess.PIPE)
    target.stdout.readline()
    time.sleep(0.5)
    stop(target.pid)
    p = psutil.Process(target.pid)
    memory, cpu, io = p.memory_full_info(), p.cpu_times(), p.io_counters()
    files, threads, switches = p.num_fds(), p.num_threads(), \
        p.num_ctx_switches()
    target.kill()
    target.wait()
    got = of(lines(trace), "sample")[-1]["values"]
    # The thread that reads, and the one that writes, go on in between.
    for name, theirs in (("rss", memory.rss), ("shared", memory.shared),
                         ("vms", memory.vms), ("pss", memory.pss),
                         ("uss", memory.uss)):
        that("psutil, inside: %s: %d, %d" % (name, got[name], theirs),
             abs(got[name] - theirs) < 1 << 20)
    for name, theirs in (("cpu_user", cpu.user), ("cpu_system", cpu.system)):
        that("psutil, inside: %s: %d, %g" % (name, got[name], theirs),
             abs(got[name] / 1e9 - theirs) < 0.05)
    for name, theirs in (("read_chars", io.read_chars),
                         ("written_chars", io.write_chars)):
        that("psutil, inside: %s: %d, %d" % (name, got[name], theirs),
             got[name] <= theirs < got[name] + (1 << 20))
    equal("psutil, inside: files", got["files"], files)
    equal("psutil, inside: threads", got["threads"], threads)
    equal("psutil, inside: swap", got["swap"], memory.swap)
    that("psutil, inside: switches: %d, %s" % (got["ctx_voluntary"],
                                               switches),
         got["ctx_voluntary"] >= switches.voluntary)  # of all threads


FORKS = """
import os, time
kept = []
for i in range(2):
    if os.fork() == 0:
        kept.append(bytearray((20 + 30 * i) << 20))
        time.sleep(0.5)
        raise SystemExit
for i in range(2):
    os.wait()
"""


def recorded_too():
    """Recorded and sampled at once, and merged: one row a process."""
    env = kit.python_env()
    if subprocess.run([kit.PYTHON, "-c", "import pmtrace._recorder"], env=env,
                      stderr=subprocess.DEVNULL).returncode != 0:
        return
    kit.write("forks.py", FORKS.encode())
    subprocess.run(
        [kit.PMT, "sample", "-q", "--tree", "-i", "0.02", "-o", "both-s.pmt",
         "--", kit.PYTHON, "-m", "pmtrace", "--mode=alloc",
         "-o", "both-r.pmt", "forks.py"], env=env, check=True)
    names = sorted(name for name in os.listdir(".")
                   if name.startswith("both-r"))
    equal("traces", len(names), 3)
    equal("merged", kit.run("merge", "-o", "both.pmt", "both-s.pmt",
                            *names).status, 0)
    rows = kit.run("info", "--tree", "--json", "both.pmt").json()[0]
    rows = [row for row in rows["processes"] if row["session"]]
    equal("one row a process", len({row["pid"] for row in rows}), 3)
    equal("rows", len(rows), 3)
    looked = of(lines("both-s.pmt"), "sample")
    for row in rows:
        mine = [one["values"] for one in looked
                if one.get("pid") == row["pid"]]
        equal("samples of %d" % row["pid"], row["sampled"]["samples"],
              len(mine))
        equal("peak of %d" % row["pid"], row["sampled"]["rss_peak"], max(
            max(one.get("rss", 0), one.get("rss_peak", 0)) for one in mine))
        equal("end of %d" % row["pid"], row["sampled"]["ended"], "exit 0")


def agrees_with_ps_and_psutil():
    target = start(TARGET, os.path.join(tempfile.mkdtemp(), "written"))
    pid = target.pid
    stop(pid)
    got = values_of(pid, "agree.pmt",
                    "memory,cpu,status,pss,io,files,net")
    for name, field, unit in (("rss", "rss", 1024), ("vms", "vsz", 1024),
                              ("minor_faults", "min_flt", 1),
                              ("major_faults", "maj_flt", 1),
                              ("threads", "nlwp", 1), ("nice", "ni", 1)):
        equal("ps " + name, got[name], ps(pid, field) * unit)
    equal("state", got["state"], ord("T"))
    if psutil:
        p = psutil.Process(pid)
        memory, cpu = p.memory_full_info(), p.cpu_times()
        equal("psutil memory",
              [got[n] for n in ("rss", "vms", "shared", "swap")],
              [memory.rss, memory.vms, memory.shared, memory.swap])
        # Others that begin or end share more or fewer of its pages.
        for name, theirs in (("pss", memory.pss), ("uss", memory.uss)):
            that("psutil %s: %d, %d" % (name, got[name], theirs),
                 abs(got[name] - theirs) < theirs / 50)
        equal("psutil cpu", [got["cpu_user"], got["cpu_system"]],
                     [round(cpu.user * 1e9), round(cpu.system * 1e9)])
        equal("psutil threads", got["threads"], p.num_threads())
        equal("psutil files", got["files"], p.num_fds())
        switches = p.num_ctx_switches()
        equal("psutil switches",
                     [got["ctx_voluntary"], got["ctx_involuntary"]],
                     [switches.voluntary, switches.involuntary])
        io = p.io_counters()
        equal("psutil io",
                     [got[n] for n in ("read_bytes", "written_bytes",
                                       "read_chars", "written_chars",
                                       "read_calls", "write_calls")],
                     [io.read_bytes, io.write_bytes, io.read_chars,
                      io.write_chars, io.read_count, io.write_count])
        states = collections.Counter(c.status for c in p.connections("tcp"))
        equal("psutil connections",
                     {"LISTEN": got["connections_listen"],
                      "ESTABLISHED": got["connections_established"]},
                     dict(states))
    if shutil.which("pidstat"):
        agrees_with_pidstat(pid, got)
    equal("files by kind",
                 sum(got["files_" + k] for k in
                     "regular directory device socket pipe other".split()),
                 got["files"])
    equal("files_socket", got["files_socket"], 3)
    equal("listen", got["connections_listen"], 1)
    equal("established", got["connections_established"], 2)
    that("peak is not under rss", got["rss_peak"] >= got["rss"])
    maps = values_of(pid, "maps.pmt", "memory,maps")
    total = sum(v for n, v in maps.items() if n.startswith("map_rss:"))
    rollup = dict(line.split()[:2] for line in kit.read(
        "/proc/%d/smaps_rollup" % pid).decode().splitlines()[1:])
    equal("mappings add up", total, int(rollup["Rss:"]) * 1024)
    target.kill()
    target.wait()
    target.stdout.close()


def facts_of_a_process():
    done = kit.run("sample", "-i", "0.05", "--tree", "-o", "facts.pmt", "--",
                   "sh", "-c", "sleep 0.1; sh -c 'exit 3'; kill -9 $$")
    equal("dies by the same signal", done.status, -9)
    found = lines("facts.pmt")
    events = of(found, "process")
    program = [e for e in events if e["argv"] and e["argv"][:2] ==
               ["sh", "-c"] and "kill" in e["argv"][2]][0]
    equal("started", program["op"], "started")
    that("executable", program["executable"].startswith("/"))
    ends = {e["pid"]: e for e in events if e["op"] == "exited"}
    equal("signal", ends[program["pid"]]["signal"], 9)
    equal("how", ends[program["pid"]]["how"], "wait")
    equal("exit statuses", sorted(
        e["exit"] for e in ends.values() if e["signal"] is None), [0, 3])
    children = [e for e in events if e["op"] == "started" and
                e["ppid"] == program["pid"]]
    equal("children", len({e["pid"] for e in children}), 2)
    text = kit.read("facts.pmt")
    that("no environment",
                "PATH=" not in kit.run("dump", "facts.pmt").text() and
                b"PATH=" not in text)
    equal("check", kit.run("check", "facts.pmt").status, 0)


def exit_statuses():
    for script, status in (("exit 0", 0), ("exit 41", 41),
                           ("kill -TERM $$", -15)):
        done = kit.run("sample", "--no-trace", "sh", "-c", script)
        equal(script, done.status, status)
    done = kit.run("sample", "-o", "none.pmt", "--", "./is-not-there")
    equal("no program", done.status, 2)
    that("no trace of it", not os.path.exists("none.pmt"))
    out = kit.run("sample", "--no-trace", "--", "cat", data=b"its input")
    equal("its input and output", out.out, b"its input")


def without_events():
    """The way that needs no rights finds what lives over an interval."""
    script = ("for i in 1 2 3 4 5; do sleep 0.8 & done; wait; "
              "(sleep 0.9 &) ; sleep 1.2")
    done = kit.run("sample", "-i", "0.1", "--tree", "--no-events", "-o",
                   "look.pmt", "--", "sh", "-c", script)
    equal("status", done.status, 0)
    found = of(lines("look.pmt"), "process")
    sleeps = [e for e in found if e["op"] == "started" and
              e["name"] == "sleep"]
    byname = {e["pid"] for e in found if e["argv"] and
              e["argv"][0] == "sleep"}
    equal("all were met", len(byname), 7)
    that("learnt by looking", {e["how"] for e in sleeps} <=
                {"look", "children", "wait"})
    ended = [e for e in found if e["op"] == "exited" and e["pid"] in byname]
    # One that its parent took before the sampler could look: not known.
    equal("all ended", len(ended), 7)
    that("with 0", {e["exit"] for e in ended} <= {0, None} and
         sum(e["exit"] == 0 for e in ended) > 3)


def begin_sampling(pid, trace, *args):
    process = subprocess.Popen([kit.PMT, "sample", "-i", "0.05", "-o", trace,
                                *args, "-p", str(pid)])
    for _ in range(1000):
        if os.path.exists(trace + ".journal"):
            break
        time.sleep(0.01)
    time.sleep(1)
    return process


def ends_of_the_sampler():
    target = subprocess.Popen(["sleep", "60"])
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        trace = "ends-%d.pmt" % number
        sampler = begin_sampling(target.pid, trace)
        sampler.send_signal(number)
        equal("signal %d" % number, sampler.wait(30), 0)
        found = lines(trace)
        equal("whole", found[-1]["clean"], True)
        equal("left", of(found, "process", target.pid)[-1]["op"],
                     "left")
        that("no journal", not os.path.exists(trace + ".journal"))
    sampler = begin_sampling(target.pid, "killed.pmt")
    sampler.kill()
    killed_ns = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
    sampler.wait()
    found = lines("killed.pmt")
    samples = of(found, "sample", target.pid)
    last = found[1]["start"][0] + samples[-1]["time_ns"]
    steps = [b["time_ns"] - a["time_ns"] for a, b in zip(samples,
                                                         samples[1:])]
    # The sampler may have been late itself, on a busy machine.
    that("SIGKILL loses an interval at most: %d ms" %
                ((killed_ns - last) // 1000000),
                killed_ns - last < 50000000 + max(steps))
    target.kill()
    target.wait()


def views():
    target = subprocess.Popen(["sleep", "60"])
    done = kit.run("sample", "-i", "0.1", "--duration", "0.35", "--json",
                   "--no-trace", "-p", str(target.pid))
    found = done.json()
    equal("schema", found[0]["schema"], 1)
    samples = of(found, "sample", target.pid)
    that("samples: %d" % len(samples), 3 <= len(samples) <= 4)
    equal("rss", samples[-1]["values"]["rss"],
                 ps(target.pid, "rss") * 1024)
    done = kit.run("sample", "-i", "0.1", "--duration", "0.35", "--print",
                   "--no-trace", "-p", str(target.pid), "-p",
                   str(os.getpid()))
    rows = done.lines()
    that("titles", rows[0].split()[:3] == ["seconds", "pid", "rss"])
    that("total", sum("total" in row for row in rows) >= 3)
    place = rows[0].index("rss") + 3
    that("aligned", all(row[place - 1:place + 1] == "B "
                               for row in rows[1:]))
    that("no colours in a file", "\033" not in done.text())
    target.kill()
    target.wait()


def what_is_wrong():
    for args, words in ((("sample",), "no process"),
                        (("sample", "-p", "x"), "not a process id"),
                        (("sample", "-p", "4194305"), "no such process"),
                        (("sample", "-o", "-", "--", "true"), "a name"),
                        (("sample", "--duration", "0", "-p", "1"),
                         "more than 0"),
                        (("sample", "-p", "1", "--", "sh"), "together")):
        done = kit.run(*args)
        equal(" ".join(args), done.status, 2)
        that("says %s: %s" % (words, done.err), words in done.err)
    kit.write("there.pmt", b"mine")
    done = kit.run("sample", "-o", "there.pmt", "--", "true")
    equal("exists", done.status, 2)
    equal("is left alone", kit.read("there.pmt"), b"mine")


def rights():
    """A process of another user: what may not be read is said, not wrong."""
    if os.geteuid() != 0:
        return
    target = subprocess.Popen(["sleep", "60"])
    folder = tempfile.mkdtemp(dir="/tmp")
    os.chmod(folder, 0o777)
    trace = os.path.join(folder, "rights.pmt")

    def other():
        os.setgid(65534)
        os.setuid(65534)

    sampler = subprocess.run(
        [kit.PMT, "sample", "-i", "0.1", "--duration", "0.25", "-g",
         "memory,cpu,pss,io,files", "-o", trace, "-p", str(target.pid)],
        preexec_fn=other, stderr=subprocess.PIPE)
    target.kill()
    target.wait()
    if sampler.returncode == 2 and b"ermission" in sampler.stderr:
        return  # the command itself can't be reached by that user
    equal("status", sampler.returncode, 0)
    found = lines(trace)
    notes = sorted(e["note"].split(":")[0] for e in of(found, "process") if
                   e["op"] == "denied")
    equal("denied", notes, ["files", "io", "pss"])
    values = of(found, "sample", target.pid)[-1]["values"]
    that("no figure of these", not {"pss", "read_bytes", "files"} &
                set(values))
    that("the others", values["rss"] > 0)


def at_nice(nice, trace):
    """Samples a process that was started so; None: that is not permitted."""
    more = nice - os.getpriority(os.PRIO_PROCESS, 0)
    target = subprocess.Popen(["nice", "-n", str(more), "sleep", "60"],
                              stderr=subprocess.PIPE)
    for _ in range(500):
        if b"sleep" in kit.read("/proc/%d/cmdline" % target.pid)[:6]:
            break
        time.sleep(0.01)
    had = os.getpriority(os.PRIO_PROCESS, target.pid)
    done = kit.run("sample", "-i", "0.1", "--duration", "0.15", "-g", "cpu",
                   "-f", "-o", trace, "-p", str(target.pid))
    target.kill()
    target.wait()
    target.stderr.close()
    equal("sample at nice %d" % nice, done.status, 0)
    return target.pid if had == nice else None


def below_zero():
    """The nice of a process is a figure that may be negative: all that print
    figures say so. The tests may run at another nice themselves."""
    pid = at_nice(-5, "nice.pmt")
    if pid is None:
        return
    found = of(lines("nice.pmt"), "sample", pid)
    equal("nice", {line["values"]["nice"] for line in found}, {-5})
    text = [line for line in kit.run("dump", "nice.pmt").lines()
            if "pid=%d\t" % pid in line and "\tsample\t" in line]
    that("dump: %s" % text[:1],
         text and all("\tnice=-5 count\t" in line for line in text))
    process, = [p for p in kit.run("info", "--json", "nice.pmt").json()[0]
                ["streams"][0]["processes"] if p["pid"] == pid]
    figure, = [f for f in process["figures"] if f["name"] == "nice"]
    equal("info --json", [figure[k] for k in ("first", "last", "min", "max")],
          [-5] * 4)
    line, = [line.split() for line in kit.run("info", "nice.pmt").lines()
             if line.split()[:1] == ["nice"]]
    equal("info", line, ["nice"] + ["-5"] * 4 + ["count"])
    equal("check", kit.run("check", "nice.pmt").status, 0)


agrees_with_ps_and_psutil()
below_zero()
recorded_too()
agrees_with_psutil_inside()
facts_of_a_process()
exit_statuses()
without_events()
ends_of_the_sampler()
views()
what_is_wrong()
rights()
checks.finish()
