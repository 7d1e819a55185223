#!/usr/bin/python3
"""How long an edit of one file takes to be live, in a small configuration and in one of many files.

    SLUICE=/path/to/sluice /usr/bin/python3 Tests/EndToEnd/measure_edits.py --files 1000 --nodes 10

The same edit (the size of one null-co node) is made in a configuration of 10 nodes and in one of FILES
files with NODES nodes each, in turns; medians and their ratio are printed. It is no test of CI.
"""
import argparse
import json
import statistics
import time

from soak import ask
from sluice_daemon import Daemon

HEAD = """sluice: 1
listeners:
  local: {type: nbd, address: "unix:{dir}/nbd.sock"}
exports:
  first: {type: nbd, node: f0n0}
"""


def file(number, nodes, size):
    lines = ["sluice: 1", "nodes:"]
    lines += [f"  f{number}n{node}: {{driver: null-co, size: {size}MiB}}" for node in range(nodes)]
    return "\n".join(lines) + "\n"


def daemon(files, nodes):
    texts = {"head.yaml": HEAD}
    texts |= {f"f{number}.yaml": file(number, nodes, 1) for number in range(files)}
    made = Daemon(texts)
    begin = time.monotonic()
    made.start("--log-level", "error")
    print(f"{files} files with {nodes} nodes each: started in {time.monotonic() - begin:.2f} s, "
          f"{made.resident_bytes() / (1 << 20):.0f} MiB")
    return made


def edit(made, number, nodes, size):
    generation = ask(made.control, "/v1/status")["generation"]
    begin = made.edit(f"f{number}.yaml", file(number, nodes, size))
    while ask(made.control, "/v1/status")["generation"] == generation:
        if time.monotonic() - begin > 60:
            raise SystemExit(f"not live after 60 s\n{made.words()}")
        time.sleep(0.002)
    return time.monotonic() - begin


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--files", type=int, default=1000)
    options.add_argument("--nodes", type=int, default=10)
    options.add_argument("--rounds", type=int, default=9)
    arguments = options.parse_args()
    small, large = daemon(1, 10), daemon(arguments.files, arguments.nodes)
    try:
        times = {"small": [], "large": []}
        for turn in range(arguments.rounds):
            times["small"].append(edit(small, 0, 10, turn + 2))
            times["large"].append(edit(large, turn % arguments.files, arguments.nodes, turn + 2))
        medians = {name: statistics.median(list) for name, list in times.items()}
        print(json.dumps({name: [round(value, 3) for value in list] for name, list in times.items()}))
        print(f"median: {medians['small']:.3f} s and {medians['large']:.3f} s, "
              f"ratio {medians['large'] / medians['small']:.2f}")
        return 0
    finally:
        small.clean()
        large.clean()


if __name__ == "__main__":
    raise SystemExit(main())
