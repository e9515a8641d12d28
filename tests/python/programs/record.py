"""record.py PROGRAM FOLDER FRAMES: runs a program of this folder under
tracemalloc and the recorder at once; see ../both.py. FOLDER gets trace.pmt and
a file for each moment, one.snapshot and so on, as tracemalloc writes them."""

import ctypes
import gc
import importlib
import sys
import tracemalloc

import pmtrace

MOMENTS = ("one", "two", "three")


def keep_sites():
    """When an object is made from a free list no block is made, yet
    tracemalloc takes its block for one of the new line. Has it leave that, and
    tells whether there is a way."""
    api = ctypes.pythonapi
    if not hasattr(api, "PyRefTracer_SetTracer"):
        return False
    return api.PyRefTracer_SetTracer(None, None) == 0


def main():
    name, folder, frames = sys.argv[1], sys.argv[2], int(sys.argv[3])
    module = importlib.import_module(name)
    recorder = pmtrace.Recorder(folder + "/trace.pmt", when_full="wait",
                                frames=frames)
    mark, take = pmtrace._recorder.mark, tracemalloc._get_traces
    clear = tracemalloc.clear_traces
    # The recorder lies above, so it does not see what tracemalloc takes.
    tracemalloc.start(frames)
    if not keep_sites():
        sys.exit(77)
    recorder.start()
    # The recorder makes a block for each code object that it meets first.
    for _ in module.run():
        take()
    gc.collect()
    gc.disable()
    program = module.run()
    taken = [None] * len(MOMENTS)
    clear()
    mark("start")
    for number, moment in enumerate(MOMENTS):
        next(program)
        mark(moment)
        taken[number] = take()
    recorder.stop()
    tracemalloc.stop()
    for moment, traces in zip(MOMENTS, taken):
        tracemalloc.Snapshot(traces, frames).dump(
            "%s/%s.snapshot" % (folder, moment))


if __name__ == "__main__":
    main()
