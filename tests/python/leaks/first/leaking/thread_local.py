"""What a worker thread remembers for itself."""
import threading

local = threading.local()


def work(number):
    if not hasattr(local, "history"):
        local.history = []
    local.history.append("job %d of the worker" % number)  # LEAK
    return sum(len(str(n)) for n in range(5))


def worker(done):
    for number in range(4000):
        work(number)
    done.set()
    threading.Event().wait()


done = threading.Event()
threading.Thread(target=worker, args=(done,), daemon=True).start()
done.wait()
