# LEAKS: a thread for each batch that is never told to end, each with a buffer
# of its own in a thread-local.
# TYPES: bytearray, Thread, dict, Event, Condition, lock, deque, list
import threading

import pmtrace

local = threading.local()
shutdown = threading.Event()
totals = []
ready = threading.Semaphore(0)


def scratch():
    if not hasattr(local, "buffer"):
        local.buffer = bytearray(24 * 1024)  # LEAK
    return local.buffer


def worker(batch):
    buffer = scratch()
    for i, word in enumerate(batch):
        buffer[i] = len(word)
    totals.append(sum(buffer[:len(batch)]))
    ready.release()
    shutdown.wait()  # "keep the connection warm"


def main():
    threads = []
    for number in range(160):
        if number == 30:
            pmtrace.mark("early")
        batch = ("word%d " % number * 200).split()
        thread = threading.Thread(target=worker, args=(batch,))
        thread.start()
        ready.acquire()
        threads.append(thread)
    pmtrace.mark("late")
    shutdown.set()
    for thread in threads:
        thread.join()
    print(sum(totals))


main()
