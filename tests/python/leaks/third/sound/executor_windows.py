# SOUND: futures of a thread pool, gathered in windows of two hundred.
import concurrent.futures

import pmtrace


def work(number):
    words = ["%d" % (number * i) for i in range(12)]
    return {"number": number, "text": " ".join(words)}


def main():
    size = 0
    with concurrent.futures.ThreadPoolExecutor(3) as executor:
        for window in range(12):
            if window == 3:
                pmtrace.mark("early")
            futures = [executor.submit(work, window * 200 + i)
                       for i in range(200)]
            for future in concurrent.futures.as_completed(futures):
                size += len(future.result()["text"])
    pmtrace.mark("late")
    print(size)


main()
