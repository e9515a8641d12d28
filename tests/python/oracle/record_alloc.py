"""record_alloc.py FOLDER: records the programs into FOLDER/alloc.pmt while
counter.c, above the recorder, logs the same calls into FOLDER/alloc.log."""

import sys
import threading
import time

sys.path.insert(0, sys.argv[1])
import counter  # noqa: E402
import pmtrace  # noqa: E402
import programs  # noqa: E402

FOLDER = sys.argv[1]


def raw_threads():
    """Blocks of the raw domain from threads without the GIL."""
    running = [threading.Thread(target=counter.raw_calls, args=(500,))
               for _ in range(3)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()


def main():
    # The recorder's hooks stay in below the counter's.
    first = pmtrace.Recorder(FOLDER + "/first.pmt")
    first.start()
    counter.install()
    first.stop()

    recorder = pmtrace.Recorder(FOLDER + "/alloc.pmt", when_full="wait")
    mark = pmtrace._recorder.mark
    kept = []
    todo = programs.PROGRAMS + (counter.calls, raw_threads)
    counter.start()
    recorder.start()
    counter.mark(mark, "start", 0)
    for number, program in enumerate(todo, 1):
        kept.append(program())
        if program in (programs.threads, raw_threads):
            time.sleep(0.1)  # what a thread does after its join
        counter.mark(mark, program.__name__, number)
    del kept[::2]
    counter.mark(mark, "dropped", number + 1)
    counter.stop()
    recorder.stop()
    counter.write_log(FOLDER + "/alloc.log")


if __name__ == "__main__":
    main()
