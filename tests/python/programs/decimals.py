"""Numbers of many digits."""
import decimal
import fractions


def series(count):
    context = decimal.Context(prec=60)
    total = decimal.Decimal(0)
    for number in range(1, count):
        total = context.add(total, context.divide(decimal.Decimal(1),
                                                  decimal.Decimal(number)))
        yield total


def run():
    sums = list(series(100))
    yield
    big = [7 ** (number * 10) for number in range(60)]
    sums = sums[::3]
    yield
    parts = [fractions.Fraction(number + 1, 7 ** 20) for number in big[:30]]
    big = big[40:]
    yield parts
