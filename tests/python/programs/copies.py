"""Copies, deep and pickled."""
import copy
import datetime
import pickle


class Record:
    def __init__(self, number):
        self.number = number
        self.when = datetime.datetime(2026, 1, 1) + datetime.timedelta(number)
        self.parts = {part: [number, part] for part in range(5)}


def run():
    records = [Record(number) for number in range(60)]
    copies = copy.deepcopy(records)
    yield
    data = pickle.dumps(records)
    copies = copies[20:]
    again = pickle.loads(data)
    yield
    shallow = [copy.copy(record) for record in again]
    again = [record.when for record in again]
    yield shallow
