"""The flight recorder by age: a part goes when its last record is too old,
whatever its size, and what is alive is still known."""
# RUN: once
# MODE: alloc

from flight_support import FULL, fly
from recorder_support import Trace, check, equal, finish, run

AGE = 2

said, last, watch, folder = fly("alloc", 20 if FULL else 6, 0.8, 0.2,
                                max_age=AGE, frames=2)
check(last["let_go"] > last["records"] / 4, "records were let go: %r" % last)
for one in said:
    trace = Trace(one["dump"])
    marks = {mark["text"]: mark["time_ns"] for mark in trace.of("mark")}
    now = marks[one["name"]]
    oldest = min(record["time_ns"] for record in trace.of("alloc"))
    # A part goes with its last record; it lasts an eighth of the age, and is
    # looked at once a second at least.
    check(now - oldest < (AGE * 1.125 + 1.2) * 1e9,
          "%s: the oldest record is %.2f s old" % (one["name"],
                                                   (now - oldest) / 1e9))
    if now > (AGE + 1) * 1e9:
        check(now - oldest > AGE * 0.8e9,
              "%s: the oldest record is only %.2f s old" % (
                  one["name"], (now - oldest) / 1e9))
finish()
