"""Threads that start and stop recordings at the same time, while others
allocate and fork."""
# RUN: few
# MODE: alloc

from children_support import new_folder, traces
from recorder_support import check, equal, finish, plain, run, write

STARTS = """\
import os, sys, threading
import pmtrace
folder = sys.argv[1]
stop = []
def starts(n):
    for i in range(60):
        recorder = pmtrace.Recorder("%s/x-%d-%d-%%p.pmt" % (folder, n, i),
                                    children=i % 2)
        try:
            recorder.start()
            recorder.stop()
        except (RuntimeError, IndexError):
            pass                   # the other one stopped it first
def busy():
    while not stop:
        [[i] for i in range(100)]
threads = [threading.Thread(target=starts, args=(n,)) for n in range(3)]
other = threading.Thread(target=busy)
for t in threads + [other]:
    t.start()
while any(t.is_alive() for t in threads):
    pid = os.fork()
    if pid == 0:
        [[i] for i in range(100)]
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0
    threads[0].join(0.1)
stop.append(1)
other.join()
"""

folder = new_folder("starts")
result = plain("-W", "ignore", write("starts.py", STARTS), folder)
equal(result.triple(), (0, "", ""), "starts")
names = traces(folder)
check(len(names) > 20, "%d traces" % len(names))
for start in range(0, len(names), 100):
    found = run(["pmt", "check"] + names[start:start + 100])
    equal(found.status, 0, "pmt check: " + found.out[:500])
finish()
