"""Checks that deploy/, the README and the guides name only settings, metrics and commands with their flags that exist.

    names.py PAYOUT_WORKER

A file that sets a variable which no program reads looks right and does nothing; a command in a runbook that does not exist
fails when an operator needs it.
"""

import functools
import re
import subprocess
import sys

import yaml

from harness import ROOT

SETTING = re.compile(r"\b(?:KAFKA|WORKER|PAYOUT_API|FILES|HTTP|LOG)_[A-Z0-9_]+\b")
METRIC = re.compile(r"\bpayout_export_[a-z0-9_]+\b")
GUIDES = sorted((ROOT / "Sources/payout-worker/payout-worker.docc").rglob("*.md"))
TEXTS = sorted((ROOT / "deploy").rglob("*.md")) + GUIDES + [ROOT / "README.md"]
# The broker's own variables, and those of the scripts here.
NOT_OURS = {
    "KAFKA_ACLS", "KAFKA_NODE_ID", "KAFKA_PROCESS_ROLES", "KAFKA_LISTENERS", "KAFKA_ADVERTISED_LISTENERS",
    "KAFKA_CONTROLLER_LISTENER_NAMES", "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP", "KAFKA_CONTROLLER_QUORUM_VOTERS",
    "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR", "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR",
    "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR", "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS",
    "KAFKA_AUTO_CREATE_TOPICS_ENABLE",
}


def read(path):
    return (ROOT / path).read_text(encoding="utf-8")


def settings():
    """The settings by name, each with whether it is a secret."""
    text = read("Sources/payout-worker/Configuration/SettingDefinition.swift")
    entries = re.findall(r'name:\s*"([A-Z0-9_]+)"(.*?)help:', text, re.S)
    return {name: "isSecret: true" in rest for name, rest in entries}


def is_known(name, known):
    if name in known or name.startswith("KAFKA_CLIENT_") or name in NOT_OURS:
        return True
    return name.endswith("_FILE") and known.get(name.removesuffix("_FILE"), False)


def assigned():
    """Every variable that a deployment sets for a worker, with where."""
    for path in ("deploy/Dockerfile", "deploy/systemd/payout-export-worker.service", "deploy/systemd/environment",
                 *sorted(p.relative_to(ROOT) for p in (ROOT / "deploy/kafka").glob("*.env"))):
        for line in read(path).splitlines():
            for name in re.findall(r"\b([A-Z][A-Z0-9_]+)=", line.lstrip("#")):
                if SETTING.fullmatch(name):
                    yield path, name
    for name, service in yaml.safe_load(read("deploy/compose.yaml"))["services"].items():
        for variable in service.get("environment", {}):
            if SETTING.fullmatch(variable):
                yield f"deploy/compose.yaml, {name}", variable
    for path in sorted((ROOT / "deploy/kubernetes").rglob("*.yaml")):
        for document in yaml.safe_load_all(path.read_text(encoding="utf-8")):
            if document["kind"] == "ConfigMap":
                for variable in document["data"]:
                    yield path.name, variable
            for container in document.get("spec", {}).get("template", {}).get("spec", {}).get("containers", []):
                for variable in container.get("env", []):
                    yield path.name, variable["name"]


def metrics():
    sources = sorted((ROOT / "Sources/WorkerTelemetry/Metrics").glob("*.swift"))
    return {name for path in sources
            for name in re.findall(r'"((?:payout_export|process|http_client)_[a-z0-9_]+)"', path.read_text("utf-8"))}


def is_shown(name, shown):
    # A histogram is queried by names with an ending.
    return name in shown or re.sub(r"_(bucket|sum|count)$", "", name) in shown


@functools.cache
def help_text(worker, command):
    result = subprocess.run([worker, *command, "--help"], capture_output=True, text=True)
    return result.stdout if result.returncode == 0 else None


def check_command(worker, line):
    """What is wrong with a `payout-worker …` in a text."""
    words = line.split()[1:]
    command = []
    while words and re.fullmatch(r"[a-z][a-z-]+", words[0]) and len(command) < 2:
        overview = help_text(worker, tuple(command)) or ""
        if not re.search(rf"^  {re.escape(words[0])}\b", overview.partition("SUBCOMMANDS:")[2], re.M):
            break
        command.append(words.pop(0))
    if not command and words and not words[0].startswith("-"):
        return f"'{words[0]}' is no command"
    text = help_text(worker, tuple(command))
    for flag in re.findall(r"(?<!\S)(--[a-z][a-z-]*)", " ".join(words)):
        # The argument parser has this one, and no help shows it.
        if flag != "--generate-completion-script" and not re.search(rf"(^|[\s,/]){re.escape(flag)}\b", text):
            return f"{flag} is no flag of '{' '.join(command)}'"
    return None


def commands(text):
    """Each `payout-worker …` that is code, with comments and what comes after a pipe left out."""
    blocks = [block for _, block in re.findall(r"^( *)```(?:sh|text)?\n(.*?)^\1```", text, re.S | re.M)]
    code = [line for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    code += re.findall(r"`([^`\n]+)`", re.sub(r"^( *)```.*?^\1```", "", text, flags=re.S | re.M))
    for line in code:
        # Not what follows a comment's sign, and not the name of SwiftPM's product.
        line = re.sub(r"\s#.*|--product payout-worker", "", line)
        for match in re.finditer(r"(?<![\w/.-])payout-worker [^|#;&)]*", line):
            yield match.group(0).strip()


def main():
    worker = sys.argv[1]
    problems, count = [], 0
    known, shown = settings(), metrics()
    if len(known) < 30 or not known.get("PAYOUT_API_PASSWORD") or len(shown) < 30:
        sys.exit("the settings or the metrics could not be read from the sources")
    for where, name in assigned():
        count += 1
        if not is_known(name, known):
            problems.append(f"{where}: {name} is no setting")
        if known.get(name):
            problems.append(f"{where}: {name} is a secret; give it by {name}_FILE")
    named = [*TEXTS, *sorted((ROOT / "deploy").rglob("*.yaml")), *sorted((ROOT / "deploy").rglob("*.json"))]
    for path in named:
        text, where = path.read_text(encoding="utf-8"), path.relative_to(ROOT)
        for name in sorted(set(METRIC.findall(text))):
            count += 1
            if not is_shown(name, shown):
                problems.append(f"{where}: {name} is no metric")
        for name in sorted(set(SETTING.findall(text))) if path.suffix != ".json" else []:
            count += 1
            # KAFKA_CLIENT_… and other prefixes stand for many settings.
            if not is_known(name, known) and not name.endswith("_"):
                problems.append(f"{where}: {name} is no setting")
    for path in TEXTS:
        text, where = path.read_text(encoding="utf-8"), path.relative_to(ROOT)
        for command in commands(text):
            count += 1
            problem = check_command(worker, command)
            if problem:
                problems.append(f"{where}: `{command}`: {problem}")
    for path in ("deploy/healthcheck", "deploy/kubernetes/workload.yaml"):
        if "/livez" not in read(path):
            problems.append(f"{path}: does not ask /livez")
    for problem in problems:
        print(problem, file=sys.stderr)
    print(f"{count} names, {len(problems)} problems")
    return 1 if problems or count < 100 else 0


if __name__ == "__main__":
    sys.exit(main())
