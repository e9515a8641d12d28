"""A context is kept for each request, with its variable."""
import contextvars

request_id = contextvars.ContextVar("request_id")
contexts = []


def handle(number):
    request_id.set("request %d with a long name" % number)  # LEAK
    return len(request_id.get())


def work(number):
    context = contextvars.copy_context()
    context.run(handle, number)
    contexts.append(context)
    return [n for n in range(300, 310)]


for number in range(3000):
    work(number)
