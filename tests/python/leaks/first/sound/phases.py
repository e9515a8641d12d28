"""A program of phases, each of which keeps a little result."""
results = []


def phase(name, size):
    words = ["%s %d" % (name, n) for n in range(size)]
    pairs = {word: len(word) for word in words}
    return max(pairs.values())


for name in ("read", "sort", "join", "group", "write"):
    for _ in range(8):
        size = phase(name, 400)
    results.append((name, size))
