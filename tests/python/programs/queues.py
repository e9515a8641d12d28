"""Queues, heaps and caches of limited length."""
import collections
import heapq


def arrivals(count, seed):
    for _ in range(count):
        seed = (seed * 1103515245 + 12345) % 2147483648
        yield seed / 1000, {"at": seed, "what": "event %d" % (seed % 97)}


def run():
    heap = []
    for number, (time, event) in enumerate(arrivals(200, 1)):
        heapq.heappush(heap, (time, number, event))
    yield
    last = collections.deque(maxlen=50)
    while len(heap) > 80:
        last.append(heapq.heappop(heap))
    yield
    order = collections.OrderedDict()
    for time, event in arrivals(150, 2):
        order[event["at"]] = time
        if len(order) > 64:
            order.popitem(last=False)
    last.clear()
    yield order
