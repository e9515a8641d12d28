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
    tracemalloc takes its block for one of the new line. Has it leave that.
    Returns two functions, to be called before and after it is asked, or None
    where there is no way."""
    api = ctypes.pythonapi
    if hasattr(api, "PyRefTracer_SetTracer"):
        api.PyRefTracer_SetTracer(None, None)
        return (lambda: None), (lambda: None)
    try:
        tracing = (ctypes.c_int * 2).in_dll(api, "_Py_tracemalloc_config")
    except ValueError:
        return None

    def on():
        tracing[1] = 1

    def off():
        tracing[1] = 0
    off()
    return on, off


def main():
    name, folder, frames = sys.argv[1], sys.argv[2], int(sys.argv[3])
    module = importlib.import_module(name)
    recorder = pmtrace.Recorder(folder + "/trace.pmt", when_full="wait",
                                frames=frames)
    mark, take = pmtrace._recorder.mark, tracemalloc._get_traces
    clear = tracemalloc.clear_traces
    # The recorder lies above, so it does not see what tracemalloc takes.
    tracemalloc.start(frames)
    asking = keep_sites()
    if asking is None:
        sys.exit(77)
    before, after = asking
    recorder.start()
    # The recorder makes a block for each code object that it meets first.
    for _ in module.run():
        before()
        take()
        after()
    gc.collect()
    gc.disable()
    program = module.run()
    taken = [None] * len(MOMENTS)
    before()
    clear()
    after()
    mark("start")
    for number, moment in enumerate(MOMENTS):
        next(program)
        mark(moment)
        before()
        taken[number] = take()
        after()
    recorder.stop()
    before()
    tracemalloc.stop()
    for moment, traces in zip(MOMENTS, taken):
        tracemalloc.Snapshot(traces, frames).dump(
            "%s/%s.snapshot" % (folder, moment))


if __name__ == "__main__":
    main()
