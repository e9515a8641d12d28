"""The same, collected four times in all."""
import gc

gc.disable()


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


for number in range(1800):
    tree()
    if number % 400 == 399:
        gc.collect()
