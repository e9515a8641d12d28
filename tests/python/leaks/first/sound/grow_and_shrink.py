"""A queue that fills up in the first half and is worked off."""
import collections

queue = collections.deque()
for number in range(8000):
    queue.append("job %d" % number)
    "%x" % number
while queue:
    queue.popleft().split()
    len(["rest"] * 5)
