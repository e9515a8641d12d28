"""A class is made for each request, and registered."""
registry = {}


class Base:
    fields = ()


def make_form(number):
    form = type("Form%d" % number, (Base,), {"number": number})  # LEAK
    registry[form.__name__] = form
    return form()


def work(number):
    form = make_form(number)
    return [form.number + n for n in range(20)]


for number in range(700):
    work(number)
