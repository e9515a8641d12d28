# SOUND: trees whose nodes know their parents; the collector finds them.
import pmtrace


class Node:
    def __init__(self, parent, value):
        self.parent = parent
        self.value = value
        self.children = []
        if parent is not None:
            parent.children.append(self)


def build(number):
    root = Node(None, number)
    for i in range(5):
        child = Node(root, i)
        for j in range(3):
            Node(child, "leaf %d" % (i * j + number))
    return root


def total(node):
    return 1 + sum(map(total, node.children))


def main():
    nodes = 0
    for number in range(1800):
        if number == 400:
            pmtrace.mark("early")
        nodes += total(build(number))
    pmtrace.mark("late")
    print(nodes)


main()
