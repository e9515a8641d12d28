# SOUND: four threads, each with a buffer that grows to the largest job.
import queue
import random
import threading

import pmtrace

jobs = queue.Queue(20)
done = []


def worker():
    buffer = bytearray(64)
    count = 0
    while True:
        size = jobs.get()
        if size is None:
            done.append(count)
            return
        if size > len(buffer):
            buffer.extend(bytes(size - len(buffer)))
        text = ("%d " % size) * (size // 40)
        buffer[:len(text)] = text.encode()
        count += len(text.split())


def main():
    rng = random.Random(11)
    threads = [threading.Thread(target=worker) for _ in range(4)]
    for thread in threads:
        thread.start()
    for number in range(3000):
        if number == 500:
            pmtrace.mark("early")
        jobs.put(int(rng.expovariate(1 / 900)) + 40)
    for _ in threads:
        jobs.put(None)
    for thread in threads:
        thread.join()
    pmtrace.mark("late")
    print(sum(done))


main()
