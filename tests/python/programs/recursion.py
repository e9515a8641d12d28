"""Deep stacks."""


def down(depth, kept):
    if depth:
        kept.append([depth] * 5)
        return down(depth - 1, kept)
    kept.append({"bottom": str(depth) * 50})
    return kept


def hanoi(disks, source, target, spare, moves):
    if disks:
        hanoi(disks - 1, source, spare, target, moves)
        moves.append((disks, source + target))
        hanoi(disks - 1, spare, target, source, moves)


def run():
    kept = down(60, [])
    yield
    moves = []
    hanoi(8, "left", "right", "middle", moves)
    del kept[::2]
    yield
    down(30, kept)
    moves = moves[:40]
    yield
