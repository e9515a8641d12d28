"""Short threads, each with its own data."""
import threading


def work(number):
    data = ["%d.%d" % (number, n) for n in range(200)]
    return sorted(data)


for number in range(150):
    thread = threading.Thread(target=work, args=(number,))
    thread.start()
    thread.join()
