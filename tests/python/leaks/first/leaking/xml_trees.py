"""The parsed answers are kept for debugging."""
import xml.etree.ElementTree as tree

answers = []


def ask(number):
    text = "<answer n='%d'><a>1</a><b>two</b></answer>" % number
    answers.append(tree.fromstring(text))  # LEAK
    return answers[-1].find("b").text


for number in range(1500):
    ask(number)
