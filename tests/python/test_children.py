"""Workers of multiprocessing, however they are started, and programs that
start programs: each process has a stream with the right parent, and after a
SIGKILL of each all of its records are there."""
# RUN: few
# MODE: alloc

import glob
import json
import os
import signal
import subprocess
import sys

from children_support import (COMMON, by_pid, family, new_folder, recovered,
                              sizes, told, traces, wait_for_no_journal)
from recorder_support import (PYTHON, Trace, check, equal, finish, path, run,
                              write)

WORKERS = 8
BLOCKS = 40
READER = os.environ.get("PMT_CBOR_PYTHON")
DECODE = os.path.join(os.environ["PMT_SOURCE"], "spec", "decode.py")

# Starts workers, tells of itself, and ends when it is told to. A worker makes
# its blocks, keeps every second one, tells, and waits to be killed.
POOL = COMMON + """\
import multiprocessing, time
def work(number):
    kept = [block(number * 100 + i) for i in range(%d)][::2]
    tell("worker", number)
    time.sleep(600)

if __name__ == "__main__":
    context = multiprocessing.get_context(sys.argv[1])
    tell("main")
    workers = [context.Process(target=work, args=(n,)) for n in range(%d)]
    for w in workers:
        w.start()
    for w in workers:
        w.join()
    tell("main")
    sys.stdin.read()
""" % (BLOCKS, WORKERS)

TREE = COMMON + """\
import subprocess, time
depth = int(sys.argv[1])
kept = [block(depth * 100 + i) for i in range(%d)]
tell("depth", depth)
if depth < 3:
    env = dict(os.environ, EXTRA="1") if depth == 1 else None
    subprocess.call([sys.executable, __file__, str(depth + 1)], env=env)
time.sleep(600)
""" % BLOCKS


def start(folder, script, *words):
    # Programs that import much have many small blocks.
    few = ["--min-block", "1M"] if words[0] in ("spawn", "forkserver") else []
    return subprocess.Popen(
        [PYTHON, "-m", "pmtrace", "-o", folder + "/x-%p.pmt"] + few +
        [script] + list(words), stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def lines(process, count):
    """The next lines it prints, or its children."""
    return "".join(process.stdout.readline().decode() for _ in range(count))


def decoded(name):
    """Alloc records that spec/decode.py finds."""
    out = run([READER, DECODE, name])
    return sum(json.loads(line).get("kind") == "alloc"
               for line in out.out.splitlines())


def killed(folder, pids, what):
    """{pid: Trace} of processes that were just killed, recovered."""
    found = {}
    for pid in pids:
        name = "%s/x-%d.pmt" % (folder, pid)
        whole = recovered(name, what)
        found[pid] = Trace(whole)
        if pid != pids[0]:
            continue
        count = len(found[pid].of("alloc"))
        equal(len(Trace(name).of("alloc")), count,
              what + ": records read with the journal")
        if READER:
            equal(decoded(whole), count, what + ": records by spec/decode.py")
    return found


def workers(way):
    folder = new_folder(way)
    script = write("pool.py", POOL)
    process = start(folder, script, way)
    found = told(lines(process, WORKERS + 1))
    main = process.pid
    pids = [pid for pid in found if pid != main]
    equal(len(pids), WORKERS, way + ": workers that told of themselves")
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    lines(process, 1)  # all are joined
    dead = killed(folder, pids, way)
    process.communicate(b"")
    equal(process.returncode, 0, way + ": exit status")

    # The parents put traces and journals together, the server of forkserver
    # too, which ends a little later.
    wait_for_no_journal(folder)
    equal(glob.glob(folder + "/*.journal"), [], way + ": journals")
    every = by_pid(folder, way)
    parents = {pid: parent for pid, (parent, _) in found.items()}
    # Servers and trackers have no line of their own.
    for pid, trace in every.items():
        parents.setdefault(pid, trace.stream()["ppid"])
    family(every, parents, way, root=main)
    for pid in pids:
        number = int(found[pid][1][1])
        for trace in dead[pid], every[pid]:
            equal(sizes(trace, number * 100, number * 100 + 100),
                  [number * 100 + i for i in range(BLOCKS)],
                  "%s: blocks of worker %d" % (way, number))
            equal(trace.lost(), 0, way + ": lost")
        equal(len(every[pid].of("alloc")), len(dead[pid].of("alloc")),
              way + ": records when the parent has finished the trace")
        equal(every[pid].warnings, "", way + ": what is read")


def tree():
    """Python that starts Python that starts Python; all are killed."""
    folder = new_folder("tree")
    script = write("tree.py", TREE)
    process = start(folder, script, "1")
    found = told(lines(process, 3))
    for pid in found:
        os.kill(pid, signal.SIGKILL)
    process.communicate()
    every = killed(folder, sorted(found), "tree")
    family(every, {pid: parent for pid, (parent, _) in found.items()},
           "tree", root=process.pid)
    equal(len(traces(folder)), 3, "tree: traces")
    for pid, (_, words) in found.items():
        depth = int(words[1])
        equal(sizes(every[pid]), [depth * 100 + i for i in range(BLOCKS)],
              "tree: blocks at depth %d" % depth)


for way in ("fork", "spawn", "forkserver"):
    workers(way)
tree()
finish()
