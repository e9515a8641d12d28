# LEAKS: a cancelled job is only marked, and taken off when it is due, in a
# week.
# TYPES: Job, dict, tuple, list, int, float, str
import heapq
import random

import pmtrace


class Job:
    def __init__(self, number, when):
        self.number = number
        self.when = when
        self.cancelled = False
        self.arguments = {"to": "user%d" % (number % 31), "try": number}  # LEAK

    def __lt__(self, other):
        return self.when < other.when


class Scheduler:
    def __init__(self):
        self.heap = []
        self.now = 0.0

    def add(self, job):
        heapq.heappush(self.heap, job)  # LEAK

    def run_due(self):
        ran = 0
        while self.heap and self.heap[0].when <= self.now:
            ran += not heapq.heappop(self.heap).cancelled
        return ran


def main():
    rng = random.Random(26)
    scheduler = Scheduler()
    ran = 0
    for number in range(6000):
        if number == 1300:
            pmtrace.mark("early")
        scheduler.now += 1.0
        scheduler.add(Job(number, scheduler.now + rng.randrange(1, 20)))
        if number % 2:
            timeout = Job(number, scheduler.now + 604800.0)  # LEAK
            scheduler.add(timeout)
            timeout.cancelled = True
        ran += scheduler.run_due()
    pmtrace.mark("late")
    print(ran, len(scheduler.heap))


main()
