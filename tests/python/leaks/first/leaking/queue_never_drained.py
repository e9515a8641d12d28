"""A queue for results that nobody takes."""
import queue

results = queue.Queue()


def work(number):
    result = {"number": number, "text": "%05d" % number}  # LEAK
    results.put(result)
    return [str(n) for n in range(number % 7)]


for number in range(3000):
    work(number)
