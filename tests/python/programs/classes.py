"""Objects with and without slots, made in several places."""


class Point:
    __slots__ = ("x", "y")

    def __init__(self, x, y):
        self.x, self.y = x, y


class Node:
    def __init__(self, value, parent=None):
        self.value = value
        self.parent = parent
        self.children = []
        self.where = Point(value * 1.5, value * 2.5)

    def add(self, value):
        self.children.append(Node(value, self))
        return self.children[-1]


def tree(depth, node):
    for number in range(4 if depth else 0):
        tree(depth - 1, node.add(depth * 1000 + number))


def run():
    root = Node(0)
    tree(3, root)
    yield
    del root.children[1:3]
    line = [Point(number * 0.5, None) for number in range(400)]
    yield
    tree(2, root.children[0])
    line[::2] = [None] * 200
    yield
