"""Finished processes are kept, with their pipes."""
import subprocess

processes = []


def run(number):
    process = subprocess.Popen(["true"], stdout=subprocess.PIPE)  # LEAK
    process.wait()
    processes.append(process)
    return [str(n) for n in range(number % 9)]


for number in range(100):
    run(number)
