#!/usr/bin/env python3
"""The crash suite in rounds: each has a broker, a service and workers of its own, and at most `--round` kills.

Every round adds a line to the report. Started again with the same arguments and commit, it continues after the rounds that
have passed. Other arguments are those of chaos.py. Exit status 1: a round failed.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "Processes"))

import machine  # noqa: E402


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=12, help="of all rounds together")
    parser.add_argument("--round", type=int, default=20, help="the most kills of one round")
    parser.add_argument("--seed", type=int, default=1, help="of the first round; the next one has the next seed")
    parser.add_argument("--report", type=pathlib.Path, default=machine.ROOT / "report" / "chaos.jsonl")
    return parser.parse_known_args()


def rounds(options):
    """The seed and the kills of each round."""
    count = max(1, -(-options.kills // options.round))
    for number in range(count):
        yield options.seed + number, min(options.round, options.kills - number * options.round)


def passed(report):
    if not report.exists():
        return set()
    lines = [json.loads(line) for line in report.read_text(encoding="utf-8").splitlines() if line]
    return {line["key"] for line in lines if line["status"] == 0}


def main():
    options, others = parse_arguments()
    commit = machine.output("git", "describe", "--always", "--dirty") or "-dirty"
    options.report.parent.mkdir(parents=True, exist_ok=True)
    done, failed = passed(options.report), []
    planned = list(rounds(options))
    for seed, kills in planned:
        key = f"{commit} {seed} {kills} {' '.join(others)}"
        if len(planned) > 1 and key in done and not commit.endswith("-dirty"):
            print(f"seed {seed}: passed before")
            continue
        began = time.time()
        command = [sys.executable, HERE / "chaos.py", "--seed", str(seed), "--kills", str(kills), *others]
        status = subprocess.run(command, stdin=subprocess.DEVNULL).returncode
        if status != 0:
            failed.append(seed)
        line = {"key": key, "seed": seed, "kills": kills, "status": status, "seconds": round(time.time() - began)}
        with open(options.report, "a", encoding="utf-8") as report:
            report.write(json.dumps(line) + "\n")
    if len(planned) > 1:
        print(f"{len(planned)} rounds, {options.kills} kills, report in {options.report}")
        print(f"FAILED with the seeds {', '.join(map(str, failed))}" if failed else "all rounds passed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
