"""Threads that fill a shared table, and what they leave."""
import queue
import threading

work, done = queue.Queue(), {}


def worker():
    for number in iter(work.get, None):
        done[number] = ["%d of %d" % (part, number) for part in range(20)]
        work.task_done()
    work.task_done()


def serve(first, last):
    threads = [threading.Thread(target=worker) for _ in range(3)]
    for thread in threads:
        thread.start()
    for number in list(range(first, last)) + [None] * 3:
        work.put(number)
    for thread in threads:
        thread.join()


def run():
    serve(0, 60)
    yield
    serve(60, 100)
    yield
    for number in range(0, 100, 2):
        del done[number]
    yield
    done.clear()
