# LEAKS: a list as the default of an argument, to which every call adds.
# TYPES: str, dict, list, tuple
import pmtrace


def validate(form, problems=[]):
    for field in ("name", "mail", "age"):
        value = form.get(field, "")
        if not value:
            problems.append("%s of form %s is missing" % (field, form["id"]))  # LEAK
    return len(problems)


def main():
    last = 0
    for number in range(7000):
        if number == 1400:
            pmtrace.mark("early")
        form = {"id": str(number), "name": "n" * (number % 3)}
        if number % 2:
            form["mail"] = "a@example.org"
        last = validate(form)
    pmtrace.mark("late")
    print(last)


main()
