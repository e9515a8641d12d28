"""Sessions are opened, and none is ever closed."""
import hashlib

sessions = {}


def token(user):
    return hashlib.sha256(user.encode()).hexdigest()


def log_in(user):
    key = token(user)
    sessions[key] = {"user": user, "basket": [], "seen": 0}  # LEAK
    return key


def request(key):
    session = sessions[key]
    session["seen"] += 1
    return ", ".join("%s=%s" % (k, session[k]) for k in sorted(session))


for i in range(3000):
    request(log_in("user%d" % i))
