"""The machine, the versions and the commit that results belong to."""

import os
import pathlib
import platform
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]


def output(*arguments):
    try:
        return subprocess.run(arguments, capture_output=True, text=True, cwd=ROOT, timeout=30).stdout.strip()
    except OSError:
        return ""


def describe(librdkafka=None):
    """Name and text of each fact, in the order in which they are shown."""
    processor = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    memory = re.search(r"MemTotal:\s+(\d+)", pathlib.Path("/proc/meminfo").read_text())
    commit = output("git", "rev-parse", "--short", "HEAD") or "unknown"
    if output("git", "status", "--porcelain"):
        commit += ", with changes"
    swift = output(os.environ.get("SWIFT", "swift"), "--version").splitlines()
    facts = {
        "processor": f"{processor.group(1) if processor else platform.machine()}, {os.cpu_count()} cores",
        "memory": f"{int(memory.group(1)) / 1024 / 1024:.0f} GiB" if memory else "unknown",
        "system": f"{platform.system()} {platform.release()}",
        "Swift": next((line for line in swift if "Swift version" in line), "unknown"),
        "Python": platform.python_version(),
        "commit": commit,
        "load before": " ".join(f"{value:.1f}" for value in os.getloadavg()),
        "broker": os.environ.get("KAFKA_BOOTSTRAP_SERVERS") or "embedded, in a process of its own",
    }
    if librdkafka:
        facts["librdkafka"] = librdkafka
    return facts
