# LEAKS: each job adds its own handler to a logger and never takes it away.
# TYPES: StreamHandler, Formatter, StringIO, dict, list, RLock, str, PercentStyle, _thread.RLock, weakref, ReferenceType
import io
import logging

import pmtrace

log = logging.getLogger("jobs")
log.setLevel(logging.WARNING)
log.propagate = False


def run_job(number):
    capture = io.StringIO()  # LEAK
    handler = logging.StreamHandler(capture)  # LEAK
    handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))  # LEAK
    log.addHandler(handler)  # LEAK
    rows = [{"n": i, "square": i * i} for i in range(30)]
    rows.sort(key=lambda row: -row["square"])
    log.info("job %d: %d rows", number, len(rows))
    return sum(row["n"] for row in rows)


def main():
    total = 0
    for number in range(2000):
        if number == 400:
            pmtrace.mark("early")
        total += run_job(number)
    pmtrace.mark("late")
    print(total)


main()
