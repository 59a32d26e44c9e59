#!/usr/bin/env python3
"""Uploads a large file to each file store, and prints one table.

    stores.py --bin .build/release [--mebibytes 2048] [--rounds 3]

S3 and Azure are stand-ins on loopback that keep nothing, so that the stores are what is measured. `aws s3 cp` puts a
file of the same length to the same stand-in in the same run; without awscli that row is missing. Exit status 1 when
a store takes more than 128 MiB, or S3 has less than 0.6 of the throughput of `aws s3 cp`.
"""

import argparse
import json
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import time

LIMIT = 128 << 20
SHARE = 0.6


def put(bench, location, endpoint, mebibytes):
    run = subprocess.run(
        [bench, "put", location, endpoint, str(mebibytes)], check=True, stdout=subprocess.PIPE, timeout=600
    )
    figures = json.loads(run.stdout)
    if figures["size"] != mebibytes << 20:
        sys.exit(f"{location}: {figures['size']} bytes instead of {mebibytes << 20}")
    return figures["seconds"], figures["peakBytes"], figures["cpuSeconds"]


def copy(aws, path, endpoint):
    environment = {
        "PATH": "/usr/bin:/bin", "AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any",
        "AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run(
        [aws, "--endpoint-url", endpoint, "--region", "us-east-1", "s3", "cp", "--only-show-errors", path,
         "s3://bench/prefix/aws.csv"],
        check=True, env=environment, timeout=600,
    )
    seconds, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, None, cpu


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", required=True, type=pathlib.Path, help="where bench-stores was built")
    parser.add_argument("--mebibytes", type=int, default=2_048)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    bench = options.bin / "bench-stores"
    aws = pathlib.Path(sys.executable).parent / "aws"
    server = subprocess.Popen([bench, "serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    best = {}
    try:
        urls = json.loads(server.stdout.readline())
        with tempfile.TemporaryDirectory() as folder:
            source = pathlib.Path(folder, "source")
            tries = {
                "file": lambda: put(bench, f"file://{folder}/files", "-", options.mebibytes),
                "s3": lambda: put(bench, "s3://bench/prefix", urls["s3"], options.mebibytes),
                "azblob": lambda: put(bench, "azblob://finance/exports/prefix", urls["azure"], options.mebibytes),
            }
            if aws.exists():
                with open(source, "wb") as file:
                    for _ in range(options.mebibytes):
                        file.write(b"x" * (1 << 20))
                tries["aws s3 cp"] = lambda: copy(aws, str(source), urls["s3"])
            for _ in range(options.rounds):
                for name, attempt in tries.items():
                    figures = attempt()
                    best[name] = min(best.get(name, figures), figures, key=lambda found: found[0])
                    if figures[1]:
                        peak = max(figures[1], best[name][1] or 0)
                        best[name] = (best[name][0], peak, best[name][2])
    finally:
        server.stdin.close()
        server.wait(timeout=30)
    print(f"{options.mebibytes} MiB, best of {options.rounds}, load {os.getloadavg()[0]:.1f}")
    print(f"  {'store':<12}{'MiB/s':>8}{'CPU s':>8}{'peak MiB':>10}")
    for name, (seconds, peak, cpu) in best.items():
        memory = f"{peak / (1 << 20):.0f}" if peak else "-"
        print(f"  {name:<12}{options.mebibytes / seconds:>8.0f}{cpu:>8.1f}{memory:>10}")
    problems = [f"{name}: more than 128 MiB" for name, (_, peak, _) in best.items() if peak and peak > LIMIT]
    if "aws s3 cp" in best:
        share = best["aws s3 cp"][0] / best["s3"][0]
        print(f"  s3 has {share:.2f} of the throughput of aws s3 cp")
        if share < SHARE:
            problems.append(f"s3: less than {SHARE} of aws s3 cp")
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
