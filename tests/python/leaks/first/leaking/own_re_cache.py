"""Patterns are compiled for every user and kept in a dictionary."""
import re

patterns = {}


def matcher(user):
    if user not in patterns:
        patterns[user] = re.compile("^%s:[0-9]+$" % user)  # LEAK
    return patterns[user]


for number in range(500):
    user = "user%d" % number
    matcher(user).match(user + ":12")
