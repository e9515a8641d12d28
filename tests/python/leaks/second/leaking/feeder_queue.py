# LEAKS: nobody reads the queue of statistics, so what is put waits in it for
# its feeder thread, whose pipe is full.
# TYPES: dict, str, tuple, float, int, list
import multiprocessing

import pmtrace


def handle(statistics, number):
    text = "request %d: " % number + "x" * (number % 60)
    words = text.split()
    statistics.put({"number": number, "words": len(words),  # LEAK
                    "first": words[0], "text": text.upper()})  # LEAK
    return len(words)


def main():
    statistics = multiprocessing.Queue()
    words = 0
    for number in range(5000):
        if number == 1800:
            pmtrace.mark("early")
        words += handle(statistics, number)
    pmtrace.mark("late")
    print(words)
    statistics.cancel_join_thread()
    statistics.close()


main()
