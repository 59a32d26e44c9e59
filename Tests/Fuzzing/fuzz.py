#!/usr/bin/env python3
"""Runs the targets of `Tests/Fuzzing` with libFuzzer and address sanitizer, one after the other.

Each target begins with its committed corpus, its golden samples, and what earlier runs have found: that is kept in the build
folder, so that a run continues the last one. A crash, a violated property, a hang, a leak, or too much memory is a finding; the
input is kept in the folder of the report. Exit status 1: there are findings.
"""

import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
SLACK = 120
"""Seconds beyond its time after which a target has hung outside of its inputs."""


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True, type=pathlib.Path, help="the fuzz executable")
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--only", default="", help="names of targets, separated by commas")
    parser.add_argument("--found", type=pathlib.Path, default=ROOT / ".build-fuzz" / "corpus", help="inputs of earlier runs")
    parser.add_argument("--report", type=pathlib.Path, default=ROOT / "report" / "fuzz", help="folder for the results")
    return parser.parse_args()


def environment(name=None):
    # The sanitizer's report has the stack; Swift's own handler would wait for a process that has ended.
    settings = {"SWIFT_BACKTRACE": "enable=no", "ASAN_OPTIONS": f"detect_leaks={int(name is not None)}:quarantine_size_mb=64"}
    return {**os.environ, **settings, **({"FUZZ_TARGET": name} if name else {})}


def literal(word):
    """A word in the form of libFuzzer's dictionaries."""
    return '"' + "".join(
        chr(byte) if 0x20 <= byte < 0x7F and byte not in b'"\\' else f"\\x{byte:02X}" for byte in word.encode()) + '"'


def run(options, target):
    name = target["name"]
    found = options.found / name
    found.mkdir(parents=True, exist_ok=True)
    words = options.report / f"{name}.words"
    words.write_text("".join(literal(word) + "\n" for word in target["dictionary"] if word), encoding="ascii")
    folders = [folder for folder in target["folders"] if os.path.isdir(folder)]
    command = [
        options.program, found, *folders, f"-max_total_time={options.seconds}", f"-dict={words}", "-timeout=20",
        "-rss_limit_mb=2048", "-max_len=8192", "-print_final_stats=1", f"-artifact_prefix={options.report / name}-"]
    log = options.report / f"{name}.log"
    began = time.time()
    with open(log, "w", encoding="utf-8") as output:
        try:
            status = subprocess.run(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment(name),
                timeout=options.seconds + SLACK).returncode
        except subprocess.TimeoutExpired:
            status = "not ended"
    text = log.read_text(encoding="utf-8", errors="replace")
    covered = re.findall(r" cov: (\d+) ft: (\d+) corp: (\d+)", text)
    if status == 0 and not covered:
        status = "without coverage"
    runs = re.search(r"stat::number_of_executed_units: *(\d+)", text)
    return {
        "target": name, "status": status, "seconds": round(time.time() - began), "inputs": int(runs[1]) if runs else None,
        "covered": int(covered[-1][0]) if covered else 0, "corpus": int(covered[-1][2]) if covered else 0,
        "finding": None if status == 0 else finding(text)}


def finding(text):
    """The lines of a log that name what was found."""
    marks = ("Fatal error", "ERROR:", "SUMMARY:", "Test unit written")
    return [line.strip()[:400] for line in text.splitlines() if any(mark in line for mark in marks)][:8]


def main():
    options = parse_arguments()
    options.program = options.program.resolve()
    options.report.mkdir(parents=True, exist_ok=True)
    listed = subprocess.run([options.program], capture_output=True, env=environment(), check=True).stdout
    targets = json.loads(listed)
    wanted = set(filter(None, options.only.split(",")))
    if unknown := wanted - {target["name"] for target in targets}:
        sys.exit(f"unknown targets: {', '.join(sorted(unknown))}")
    results = []
    for target in targets:
        if wanted and target["name"] not in wanted:
            continue
        result = run(options, target)
        results.append(result)
        what = "ok" if result["status"] == 0 else "FOUND"
        print(f"{what:6} {result['target']:16} {result['inputs'] or '?':>10} inputs, {result['covered']:>6} places, "
              f"{result['corpus']:>5} in the corpus, {result['seconds']} s", flush=True)
        for line in result["finding"] or []:
            print(f"       {line}", flush=True)
        # After each target, so that a run that is stopped has a report too.
        (options.report / "fuzz.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    failed = [result["target"] for result in results if result["status"] != 0]
    print(f"{len(results)} targets, report in {options.report}")
    if failed:
        print(f"FAILED: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
