"""Checks deploy/examples: its commands exist with their flags, the DAG parses and enqueues, systemd accepts the timer.

    examples.py PAYOUT_WORKER

The loader for PostgreSQL has a test of its own, Tests/Examples/loading.py. Snowflake and BigQuery are not available here.
"""

import ast
import pathlib
import re
import subprocess
import sys

import yaml

from harness import ROOT, temporary

SCHEDULE = ROOT / "deploy/examples/schedule"
FLAG = re.compile(r"(?<![\w-])--[a-z][a-z-]*")


def cron_job():
    """The command of the CronJob's only container."""
    document = yaml.safe_load((SCHEDULE / "cronjob.yaml").read_text(encoding="utf-8"))
    containers = document["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    return " ".join(containers[0]["command"])


def unit():
    return re.search(r"^ExecStart=(.*)$", (SCHEDULE / "payout-enqueue.service").read_text(encoding="utf-8"), re.M)[1]


def dag():
    """The command of the DAG's only task, which is read without Airflow."""
    tree = ast.parse((SCHEDULE / "payout_exports.py").read_text(encoding="utf-8"))
    operators = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "BashOperator"]
    commands = [ast.literal_eval(word.value) for node in operators for word in node.keywords if word.arg == "bash_command"]
    if len(commands) != 1:
        sys.exit(f"the DAG has {len(commands)} commands, not one")
    return commands[0]


def check_commands(worker):
    known = subprocess.run([worker, "enqueue", "--help"], capture_output=True, text=True, check=True).stdout
    flags = set(FLAG.findall(known))
    for place, command in (("cronjob.yaml", cron_job()), ("payout-enqueue.service", unit()), ("payout_exports.py", dag())):
        if "payout-worker enqueue " not in command:
            yield f"{place}: does not enqueue: {command}"
        used = set(FLAG.findall(command.partition("payout-worker enqueue")[2]))
        if missing := used - flags:
            yield f"{place}: payout-worker enqueue has no {', '.join(sorted(missing))}"
        for flag in ("--last", "--split", "--batch", "--wait"):
            if flag not in used:
                yield f"{place}: {flag} is missing"


def check_timer():
    """Verifies copies whose programs are installed on this machine."""
    with temporary() as folder:
        for name in ("payout-enqueue.service", "payout-enqueue.timer"):
            text = (SCHEDULE / name).read_text(encoding="utf-8")
            pathlib.Path(folder, name).write_text(re.sub(r"^EnvironmentFile=.*$", "", text, flags=re.M))
        verify = subprocess.run(
            ["systemd-analyze", "verify", "--man=no", *sorted(pathlib.Path(folder).glob("payout-enqueue.*"))],
            capture_output=True, text=True,
        )
        if verify.returncode or verify.stderr.strip():
            yield f"systemd-analyze verify: {verify.stderr.strip()}"
    timer = re.search(r"^OnCalendar=(.*)$", (SCHEDULE / "payout-enqueue.timer").read_text(encoding="utf-8"), re.M)[1]
    calendar = subprocess.run(["systemd-analyze", "calendar", timer], capture_output=True, text=True)
    if calendar.returncode:
        yield f"systemd-analyze calendar: {calendar.stderr.strip()}"


def main():
    problems = [*check_commands(sys.argv[1]), *check_timer()]
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
