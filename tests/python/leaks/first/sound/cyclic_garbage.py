"""Cycles, which the collector finds now and then."""
class Node:
    def __init__(self, parent):
        self.parent = parent
        self.children = []
        self.text = "node" * 10


def tree():
    root = Node(None)
    for _ in range(5):
        root.children.append(Node(root))
    return len(root.children)


for number in range(5000):
    tree()
