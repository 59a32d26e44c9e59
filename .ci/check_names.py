"""Checks that deploy/ names only settings, metrics, commands' flags and paths that the sources know.

A file that sets a variable which nobody reads looks right and does nothing.
"""

import pathlib
import re
import sys

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[1]
SETTING = re.compile(r"\b(?:KAFKA|WORKER|PAYOUT_API|FILES|HTTP|LOG)_[A-Z0-9_]+\b")
METRIC = re.compile(r"\bpayout_export_[a-z0-9_]+\b")


def read(path):
    return (ROOT / path).read_text(encoding="utf-8")


def settings():
    """The settings by name, each with whether it is a secret."""
    found = re.findall(r'name: "([A-Z0-9_]+)"(.*)', read("Sources/payout-worker/Configuration/SettingDefinition.swift"))
    return {name: "isSecret: true" in rest for name, rest in found}


def is_known(name, known):
    if name in known or name.startswith("KAFKA_CLIENT_"):
        return True
    return name.endswith("_FILE") and known.get(name.removesuffix("_FILE"), False)


def variables():
    """Every variable that a deployment sets for a worker, with where."""
    for path in ("deploy/Dockerfile", "deploy/systemd/environment", "deploy/systemd/payout-export-worker.service"):
        for line in read(path).splitlines():
            if not line.lstrip().startswith("#"):
                for name in re.findall(r"\b([A-Z][A-Z0-9_]+)=", line):
                    if SETTING.fullmatch(name):
                        yield path, name
    for name, service in yaml.safe_load(read("deploy/compose.yaml"))["services"].items():
        # The broker's image has settings of its own.
        if name != "kafka":
            for variable in service.get("environment", {}):
                yield f"deploy/compose.yaml, {name}", variable
    for path in sorted((ROOT / "deploy/kubernetes").glob("*.yaml")):
        for document in yaml.safe_load_all(path.read_text(encoding="utf-8")):
            if document["kind"] == "ConfigMap":
                for variable in document["data"]:
                    yield path.name, variable
            for container in containers(document):
                for variable in container.get("env", []):
                    yield path.name, variable["name"]


def containers(document):
    return document.get("spec", {}).get("template", {}).get("spec", {}).get("containers", [])


def metrics():
    sources = sorted((ROOT / "Sources/WorkerConsole/Metrics").glob("*.swift"))
    return {name for path in sources for name in re.findall(r'"(payout_export_[a-z0-9_]+)"', path.read_text("utf-8"))}


def main():
    problems = []
    known, count = settings(), 0
    if len(known) < 20:
        sys.exit("the settings could not be read from the sources")
    for where, name in variables():
        count += 1
        if not is_known(name, known):
            problems.append(f"{where}: {name} is no setting")
        if known.get(name) and "compose" not in where:
            problems.append(f"{where}: {name} is a secret; give it by {name}_FILE")
    shown = metrics()
    for path in ("deploy/prometheus/alerts.yaml", "deploy/prometheus/alerts.test.yaml"):
        for name in sorted(set(METRIC.findall(read(path)))):
            count += 1
            # A histogram is queried by names with an ending.
            base = re.sub(r"_(bucket|sum|count)$", "", name)
            if name not in shown and base not in shown:
                problems.append(f"{path}: {name} is no metric")
    for path in ("deploy/healthcheck", "deploy/kubernetes/worker.yaml"):
        if "/livez" not in read(path):
            problems.append(f"{path}: does not ask /livez")
    for problem in problems:
        print(problem, file=sys.stderr)
    print(f"{count} names, {len(problems)} problems")
    return 1 if problems or count < 30 else 0


if __name__ == "__main__":
    sys.exit(main())
