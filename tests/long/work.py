"""What the programs do that kills.py records and kills: numbered marks,
blocks, calls, objects, snapshots, collections, and after each the count of
those done so far, in memory that the parent shares.

Numbers are per worker (a thread of a process); look.c finds them again. A
count is stored only after the call returned, so what it counts is committed.
"""

import gc
import os
import struct
import threading
import time

import pmtrace
import pmtrace._selftest  # what a start imports: the parent is warm

WORKERS = 8
COUNTS = ("marks", "blocks", "calls", "creates", "snapshots", "gcs", "heaps")
HEADER = 4  # started, pid, number of the recording in its process, unused
WORDS = HEADER + WORKERS * len(COUNTS)
SLOT_BYTES = WORDS * 8
SLOTS = 8

BLOCK_BASE = 300000  # as in look.c, without the 33 bytes of a bytes object
BLOCK_STEP = 1 << 17

_put = struct.Struct("=Q").pack_into


def known(n):
    return n


class class_known(object):
    pass


class Slot:
    """The counts of one recording."""

    def __init__(self, page, index):
        self.page = page
        self.index = index
        self.at = index * SLOT_BYTES

    def begin(self, number=1):
        """Notes that a recording has started in this process."""
        _put(self.page, self.at + 8, os.getpid())
        _put(self.page, self.at + 16, number)
        _put(self.page, self.at, 1)

    def started(self):
        return struct.unpack_from("=Q", self.page, self.at)[0]

    def place(self, worker, what):
        return self.at + 8 * (HEADER + worker * len(COUNTS) +
                              COUNTS.index(what))

    def read(self):
        words = struct.unpack_from("=%dQ" % WORDS, self.page, self.at)
        counts = [dict(zip(COUNTS, words[i:i + len(COUNTS)]))
                  for i in range(HEADER, WORDS, len(COUNTS))]
        return {"started": words[0], "pid": words[1], "number": words[2],
                "counts": counts}


def loop(slot, worker, recorder, modes, fat, until=None):
    """Works until it is killed, or until a time."""
    page = slot.page
    marks, blocks, calls, creates, snapshots, gcs, heaps = (
        slot.place(worker, what) for what in COUNTS)
    filler = " " + os.urandom(fat).hex() if fat else ""
    mark = pmtrace.mark
    kept = []
    words = []
    n = done = collections = 0
    with_snapshots = "snapshot" in modes
    while until is None or time.monotonic() < until:
        mark("k%d.%d%s" % (worker, n, filler))
        _put(page, marks, n + 1)
        block = bytes(BLOCK_BASE + worker * BLOCK_STEP + n)
        _put(page, blocks, n + 1)
        del block
        known(n)
        _put(page, calls, n + 1)
        kept.append(class_known())
        _put(page, creates, n + 1)
        kept[:-50] = []
        if fat:
            filler = " " + os.urandom(fat).hex()
        # Others, between them, to fill buffers.
        words = [[str(i)] for i in range(n % 20)] + words[:100]
        if with_snapshots and n % 32 == 0:
            recorder.snapshot("s%d.%d" % (worker, done))
            done += 1
            _put(page, snapshots, done)
        if worker == 0 and n % 16 == 0:
            gc.collect(0)
            collections += 1
            _put(page, gcs, collections)
            if "heap" in modes:
                recorder.heap()
                _put(page, heaps, collections)
        n += 1


def record(page, base, settings, how):
    """A recorded process: this one. Ends only by a kill."""
    # A collection that another one forestalls would not be counted.
    gc.disable()
    modes = settings["mode"].split(",")
    fat = how.get("fat", 0)
    if "restart" in how:
        for index in range(SLOTS - 1):
            slot = Slot(page, index)
            recorder = pmtrace.Recorder(base + "-%p-%n.pmt", **settings)
            recorder.start()
            slot.begin(index + 1)
            loop(slot, 0, recorder, modes, fat,
                 time.monotonic() + how["restart"])
            recorder.stop()
    recorder = pmtrace.Recorder(
        base + ("-%p-%n.pmt" if "restart" in how else "-%p.pmt"), **settings)
    recorder.start()
    slot = Slot(page, SLOTS - 1 if "restart" in how else 0)
    slot.begin(SLOTS)
    for index in range(1, 1 + how.get("forks", 0)):
        if os.fork() == 0:
            slot = Slot(page, index)
            slot.begin()
            recorder = pmtrace.Recorder.running()
            break
        time.sleep(0.002)
    for worker in range(1, how.get("threads", 1)):
        threading.Thread(target=loop, args=(slot, worker, recorder, modes,
                                            fat), daemon=True).start()
    loop(slot, 0, recorder, modes, fat)
