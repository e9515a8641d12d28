# LEAKS: a call that timed out stays in the table of calls to be answered.
# TYPES: Future, Condition, RLock, deque, dict, list, str, method, builtin_function_or_method, _thread.RLock, int
import concurrent.futures
import random

import pmtrace


class Client:
    def __init__(self):
        self.waiting = {}
        self.next_id = 0

    def call(self, method, *args):
        self.next_id += 1  # LEAK
        future = concurrent.futures.Future()  # LEAK
        self.waiting[self.next_id] = future  # LEAK
        return self.next_id, future

    def answer(self, call_id, value):
        self.waiting.pop(call_id).set_result(value)


def main():
    rng = random.Random(9)
    client = Client()
    got = lost = 0
    for number in range(4000):
        if number == 700:
            pmtrace.mark("early")
        call_id, future = client.call("add", number, 1)
        if rng.random() < 0.9:
            client.answer(call_id, {"sum": number + 1, "text": str(number)})
        try:
            got += future.result(timeout=0)["sum"]
        except concurrent.futures.TimeoutError:
            lost += 1
    pmtrace.mark("late")
    print(got, lost, len(client.waiting))


main()
