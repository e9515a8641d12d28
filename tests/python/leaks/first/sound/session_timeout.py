"""Sessions that end some time after they began."""
sessions = {}


def log_in(number):
    sessions[number] = {"user": "user %d" % number, "basket": [number]}


def expire(number):
    for old in [key for key in sessions if key < number - 400]:
        del sessions[old]


for number in range(6000):
    log_in(number)
    if number % 50 == 0:
        expire(number)
