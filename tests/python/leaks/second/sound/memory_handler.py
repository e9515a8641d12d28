# SOUND: logging's MemoryHandler, flushed at each five hundredth record.
import io
import logging
import logging.handlers

import pmtrace


def main():
    out = io.StringIO()
    target = logging.StreamHandler(out)
    handler = logging.handlers.MemoryHandler(500, target=target)
    log = logging.getLogger("service")
    log.setLevel(logging.INFO)
    log.propagate = False
    log.addHandler(handler)
    for number in range(4200):
        if number == 1100:
            pmtrace.mark("early")
        log.info("request %d from %s took %.1f ms", number,
                 "10.0.0.%d" % (number % 250), number % 40 / 3)
        if out.tell() > 60000:
            out.seek(0)
            out.truncate()
    pmtrace.mark("late")
    print(out.tell())


main()
