"""Many short-lived children: each has its trace, the parent finishes what
they leave, and neither journals nor memory nor descriptors pile up.

PMT_CHILDREN sets how many there are (1000); make check-children has 10,000.
"""
# RUN: once
# MODE: alloc

import glob
import os
import re

from children_support import COMMON, new_folder, traces
from recorder_support import (Trace, check, equal, finish, record, run, write)

COUNT = int(os.environ.get("PMT_CHILDREN", "1000"))
AT_ONCE = 8

# Some end by os._exit, some are killed, some end as Python does. From time to
# time it tells how many journals there are, and what the process has.
MANY = COMMON + """\
import signal
count, at_once, folder = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]

def look(done):
    with open("/proc/self/status") as file:
        rss = [line.split()[1] for line in file if line.startswith("VmRSS")][0]
    print("look", done, len([n for n in os.listdir(folder) if "journal" in n]),
          rss, len(os.listdir("/proc/self/fd")), flush=True)

running = set()
for i in range(count):
    while len(running) >= at_once:
        running.remove(os.waitpid(-1, 0)[0])
    pid = os.fork()
    if pid == 0:
        block(i % 1000)
        if i % 10 == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        if i % 10 == 2:
            sys.exit()
        os._exit(0)
    running.add(pid)
    if i % (count // 10) == count // 20:
        look(i)
while running:
    running.remove(os.waitpid(-1, 0)[0])
look(count)
"""


def main():
    folder = new_folder("many")
    result = record(folder + "/x-%p.pmt", write("many.py", MANY), str(COUNT),
                    str(AT_ONCE), folder, timeout=1200)
    equal((result.status, result.err), (0, ""), "many children")
    looks = [[int(word) for word in line.split()[1:]]
             for line in result.out.splitlines() if line.startswith("look")]
    for done, journals, rss, descriptors in looks:
        print("after %d: %d journals, RSS %d KiB, %d descriptors"
              % (done, journals, rss, descriptors))
    check(looks[-1][2] < looks[0][2] + 16384,
          "the resident set grew from %d to %d KiB" % (looks[0][2],
                                                       looks[-1][2]))
    check(looks[-1][3] <= looks[0][3], "descriptors pile up")
    names = traces(folder)
    equal(len(names), COUNT + 1, "traces")
    left = glob.glob(folder + "/*.journal")
    print("%d journals left at the end" % len(left))
    check(max(row[1] for row in looks) < 300, "journals pile up")
    check(len(left) < 200, "%d journals left" % len(left))
    # With and without a journal each is sound and has its block.
    for start in range(0, len(names), 200):
        result = run(["pmt", "check"] + names[start:start + 200])
        equal(result.status, 0, "pmt check: %s" % result.out[:500])
    parent = None
    for name in names[:: max(1, COUNT // 50)]:
        trace = Trace(name)
        stream = trace.stream()
        equal(trace.warnings, "", name)
        if stream["parent"] is None:
            continue
        parent = parent or stream["parent"]
        equal(stream["parent"], parent, name + ": parent")
        check(any(re.match("1000[0-9]{4}$", str(r["size"]))
                  for r in trace.of("alloc")), name + ": its block")


main()
finish()
