"""A pool of buffers: made when needed, and used again."""
class Pool:
    def __init__(self):
        self.free = []

    def take(self):
        return self.free.pop() if self.free else bytearray(1000)

    def give(self, buffer):
        self.free.append(buffer)


pool = Pool()
for number in range(5000):
    held = [pool.take() for _ in range(number % 13)]
    for buffer in held:
        pool.give(buffer)
    "%d" % number
