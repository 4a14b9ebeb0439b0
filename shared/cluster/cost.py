"""What a full reproduction costs, in core-hours: some cells of each experiment are measured on one thread, and their mean is taken for all.

Usage: cost.py FOLDER_OF_PROGRAMS ROWS SECONDS PAPER...
At least six cells are spread evenly over each grid, or all where there are fewer. An experiment is stopped after SECONDS (0 measures nothing more); those whose
cells did not all end are named, and are likely to take more than is said: what did not end is missing from their mean.
"""

import json
import pathlib
import subprocess
import sys

CELLS = 6


def plan(program, rows, *experiments):
    line = [program, "plan", *experiments, "--json", "--profile", "full", "--rows", rows]
    return json.loads(subprocess.run(line, check=True, stdout=subprocess.PIPE).stdout)


def measure(program, rows, seconds, experiment):
    share = max(1, experiment["cells"] // CELLS)
    line = [program, "reproduce", experiment["experiment"], "--quiet", "--profile", "full", "--rows", rows]
    run = subprocess.Popen(line + ["--threads", "1", "--shard", f"{share // 2}/{share}"], stderr=subprocess.DEVNULL)
    try:
        failed = run.wait(seconds) != 0
    except subprocess.TimeoutExpired:
        # A long cell does not hear a polite request.
        run.kill()
        run.wait()
        return
    if failed:
        sys.exit(f"cost: {' '.join(line)} failed")


def main():
    programs, rows, seconds, *papers = sys.argv[1:]
    print("| paper | cells | core-hours | longest experiment | cut off |")
    print("|---|---|---|---|---|")
    for paper in papers:
        program = str(pathlib.Path(programs) / paper)
        total, cells, cut, costs = 0.0, 0, [], []
        for experiment in plan(program, rows):
            wanted = max(1, experiment["cells"] // CELLS)
            sample = len(range(wanted // 2, experiment["cells"], wanted))
            if experiment["done"] < sample and int(seconds) > 0:
                measure(program, rows, int(seconds), experiment)
                experiment = plan(program, rows, experiment["experiment"])[0]
            hours = (experiment["mean_seconds"] or 0) * experiment["cells"] / 3600
            costs.append((hours, experiment["experiment"]))
            if experiment["done"] < sample:
                cut.append(experiment["experiment"])
            total, cells = total + hours, cells + experiment["cells"]
        hours, longest = max(costs)
        print(f"| {paper} | {cells} | {total:.1f} | {longest}, {hours:.1f} | {', '.join(cut) or '-'} |", flush=True)


main()
