"""Each rule is executed in the same global dictionary."""
rules = {}


def load(number):
    exec("def rule_%d(x): return x + %d" % (number, number), rules)  # LEAK
    return rules["rule_%d" % number](1)


for number in range(1500):
    load(number)
