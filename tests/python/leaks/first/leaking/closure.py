"""Callbacks that hold the whole message in their closure."""
callbacks = []


def subscribe(number):
    message = ("message %d " % number) * 30  # LEAK

    def callback():
        return len(message)

    callbacks.append(callback)


def work(number):
    return [str(n) for n in range(number % 7)]


for number in range(3000):
    subscribe(number)
    work(number)
