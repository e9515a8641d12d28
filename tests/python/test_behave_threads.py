"""Programs with many threads, and with threads that end in odd ways, behave
recorded as unrecorded. Expected blocks are counted by hand."""
# RUN: few
# MODE: alloc,call,line

import re

from recorder_support import check, finish, skip
import pmtrace
from untraced import same

if pmtrace._recorder is None:
    skip("the recorder is not built")

# 500 at once, all of which allocate while all live.
MANY = """\
import sys, threading
N = 500
threading.stack_size(256 * 1024)
ready = threading.Barrier(N + 1)
done = []
def work(n):
    ready.wait()
    kept = [bytes(i) for i in range(50)]
    if n < 20:
        witness(n)
    done.append(len(kept))
    ready.wait()
    kept.append({n: n})
threads = [threading.Thread(target=work, args=(n,)) for n in range(N)]
for t in threads:
    t.start()
ready.wait()
ready.wait()
for t in threads:
    t.join()
print(len(done), sum(done), threading.active_count())
"""

# One after the other, and a few at a time that end while others begin.
SHORT = """\
import threading, _thread, time
total = []
def work(n):
    total.append(len([str(i) for i in range(20)]))
    if n % 100 == 0:
        witness(1)
for n in range(600):
    t = threading.Thread(target=work, args=(n,))
    t.start()
    if n % 3:
        t.join()
for t in threading.enumerate():
    if t is not threading.current_thread():
        t.join()
left = []
for n in range(200):
    _thread.start_new_thread(left.append, (n,))
while len(left) < 200:
    time.sleep(0.001)
print(len(total), sum(total), sorted(left) == list(range(200)))
"""

ODD = """\
import sys, threading, _thread
def leaves(status):
    witness(2)
    sys.exit(status)
def fails():
    witness(2)
    raise ValueError("in a thread")
def memory():
    try:
        bytearray(1 << 62)
    except (MemoryError, OverflowError) as error:
        print(type(error).__name__)
for target, args in ((leaves, (3,)), (leaves, ("text",)), (fails, ()),
                     (memory, ())):
    t = threading.Thread(target=target, args=args, name="odd")
    t.start()
    t.join()
def hook(args):
    print("hook", args.exc_type.__name__, args.thread.name)
threading.excepthook = hook
t = threading.Thread(target=fails, name="hooked")
t.start()
t.join()
local = threading.local()
class Gone:
    def __del__(self):
        print("gone")
def keeps():
    local.kept = Gone()
t = threading.Thread(target=keeps)
t.start()
t.join()
try:
    _thread.interrupt_main()
    while True:
        pass
except KeyboardInterrupt:
    print("interrupted")
timer = threading.Timer(0.05, witness, (2,))
timer.start()
timer.join()
raise SystemExit(9)
"""

# The interpreter ends while daemon threads run, allocate, and call.
DAEMONS = """\
import atexit, threading, time
def work():
    while True:
        [str(i) for i in range(100)]
        time.sleep(0.001)
for i in range(20):
    threading.Thread(target=work, daemon=True).start()
time.sleep(0.1)
atexit.register(print, "at exit")
class Last:
    def __del__(self):
        print("last", flush=True)
last = Last()
witness(3)
print("end", flush=True)
"""

POOLS = """\
import asyncio, concurrent.futures, queue, threading
with concurrent.futures.ThreadPoolExecutor(8) as pool:
    print(sum(pool.map(lambda n: len(str(n) * 10), range(500))))
async def one(n):
    await asyncio.sleep(0)
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(None, lambda: n * 2)
async def main():
    return sum(await asyncio.gather(*(one(n) for n in range(100))))
print(asyncio.run(main()))
q = queue.Queue(3)
def reads():
    found = []
    while True:
        item = q.get()
        if item is None:
            return found
        found.append(item)
with concurrent.futures.ThreadPoolExecutor(1) as pool:
    reader = pool.submit(reads)
    for i in range(300):
        q.put([i])
    q.put(None)
    print(len(reader.result()))
witness(4)
"""


def idents(text):
    return re.sub(r"Thread-\d+", "Thread-N", text)


same("many", MANY, witnessed=range(20))
same("short", SHORT, witnessed=[1] * 6)
same("odd", ODD, witnessed=[2] * 5, alike=idents)
for run in same("daemons", DAEMONS, witnessed=[3]):
    check(not run.lost(), run.name + ": lost events")
same("pools", POOLS, witnessed=[4], ways=("alloc", "all"))
finish()
