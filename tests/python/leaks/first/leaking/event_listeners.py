"""Listeners are added for each view and never taken away."""


class Bus:
    def __init__(self):
        self.listeners = []

    def listen(self, listener):
        self.listeners.append(listener)


class Title:
    def __init__(self, text):
        self.text = text

    def resize(self):
        return len(self.text)


def open_view(bus, number):
    bus.listen(Title("view %d" % number).resize)  # LEAK
    return "%d" % number


bus = Bus()
for number in range(4000):
    open_view(bus, number)
