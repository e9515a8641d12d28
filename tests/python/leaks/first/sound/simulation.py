"""A world of fixed size that changes all the time."""
import random

random.seed(3)
world = [[random.random() for _ in range(40)] for _ in range(40)]


def step():
    for row in range(40):
        world[row] = [
            (world[row][n] + world[row - 1][n]) / 2 + random.random() * 0.01
            for n in range(40)]


for _ in range(15):
    step()
