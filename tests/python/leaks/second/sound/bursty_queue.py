# SOUND: bursts of messages wait in a queue, which is empty between them.
import queue
import random

import pmtrace


def main():
    rng = random.Random(7)
    waiting = queue.Queue()
    handled = 0
    number = 0
    for tick in range(600):
        if tick == 120:
            pmtrace.mark("early")
        burst = rng.choice((0, 0, 3, 5, 60))
        for _ in range(burst):
            number += 1
            waiting.put({"id": number, "text": "message %d" % number})
        for _ in range(15):
            if waiting.empty():
                break
            handled += len(waiting.get()["text"])
    pmtrace.mark("late")
    print(handled)


main()
