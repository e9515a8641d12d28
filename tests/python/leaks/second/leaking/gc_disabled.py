# LEAKS: the collector is off "for latency", and trees point to their parents.
# TYPES: Node, dict, list, str, int
import gc

import pmtrace

gc.disable()


class Node:
    def __init__(self, name, parent=None):
        self.name = name  # LEAK
        self.parent = parent
        self.children = []  # LEAK

    def add(self, name):
        child = Node(name, self)  # LEAK
        self.children.append(child)  # LEAK
        return child

    def depth(self):
        return 1 + max((c.depth() for c in self.children), default=0)


def render(number):
    root = Node("html")  # LEAK
    body = root.add("body")
    for i in range(number % 7 + 1):
        item = body.add("item %d of %d" % (i, number))  # LEAK
        item.add("text")
    return root.depth()


def main():
    depth = 0
    for number in range(3000):
        if number == 600:
            pmtrace.mark("early")
        depth += render(number)
    pmtrace.mark("late")
    print(depth)


main()
