"""Checks deploy/examples: what the schedules enqueue, that they sign in like the workers, and that systemd accepts the units.

    examples.py PAYOUT_WORKER

The loader for PostgreSQL has a test of its own, Tests/Examples/loading.py. Snowflake and BigQuery are not available here.
"""

import ast
import datetime
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

import yaml

from harness import ROOT, bare_environment, temporary

EXAMPLES = ROOT / "deploy/examples"
SCHEDULE = EXAMPLES / "schedule"
SYSTEMD = ROOT / "deploy/systemd"
SECRETS = "/run/secrets/"


def pod(path, *where):
    """The pod of a manifest, whose template is at `where`."""
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    for name in where:
        document = document[name]
    return document["template"]["spec"]


def cron_job():
    return pod(SCHEDULE / "cronjob.yaml", "spec", "jobTemplate", "spec")


def unit():
    """The script of the unit, with systemd's escapes resolved."""
    command = re.search(r"^ExecStart=/bin/sh -ec '(.*)'$", (SCHEDULE / "payout-enqueue.service").read_text(encoding="utf-8"), re.M)
    return command[1].replace("%%", "%").replace("/usr/local/bin/", "")


def dag(day):
    """The command of the DAG's only task for a day, read without Airflow."""
    import jinja2

    tree = ast.parse((SCHEDULE / "payout_exports.py").read_text(encoding="utf-8"))
    operators = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "BashOperator"]
    commands = [ast.literal_eval(word.value) for node in operators for word in node.keywords if word.arg == "bash_command"]
    if len(commands) != 1:
        sys.exit(f"the DAG has {len(commands)} commands, not one")
    templates = jinja2.Environment(undefined=jinja2.StrictUndefined)
    templates.filters["ds"] = lambda date: date.isoformat()

    class macros:
        @staticmethod
        def ds_add(text, days):
            return (datetime.date.fromisoformat(text) + datetime.timedelta(days)).isoformat()

    return templates.from_string(commands[0]).render(data_interval_end=day, macros=macros)


def enqueued(worker, command, **variables):
    """The jobs that a command would enqueue, by a worker's program that only prints them."""
    with temporary() as folder:
        program = pathlib.Path(folder, "payout-worker")
        program.write_text(f'#!/bin/sh\nexec {worker} "$@" --dry-run\n')
        program.chmod(0o755)
        environment = bare_environment(KAFKA_BOOTSTRAP_SERVERS="localhost:1", **variables)
        environment["PATH"] = f"{folder}:{environment['PATH']}"
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{command}: {done.stderr}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def check_jobs(worker):
    """A night's jobs are one batch over the last 30 days; a repetition has the same ids, the next night has others."""
    today = datetime.datetime.now(datetime.timezone.utc).date()
    night = int(time.time()) // 86400 * 1440 + 1
    shell = ["/bin/bash", "-ec"]

    def container(job):
        return enqueued(worker, cron_job()["containers"][0]["command"], JOB=f"payout-payments-{job}")

    nights = {
        "cronjob.yaml": (container(night), container(night - 1440)),
        "payout_exports.py": tuple(
            enqueued(worker, [*shell, dag(today - datetime.timedelta(days))]) for days in (0, 1)),
        "payout-enqueue.service": (enqueued(worker, [*shell, unit()]), []),
    }
    for place, (first, earlier) in nights.items():
        ids, batches = {job["jobId"] for job in first}, {json.dumps(job["batch"]) for job in first}
        if len(ids) not in (5, 6) or len(batches) != 1 or first[0]["batch"]["size"] != len(ids):
            yield f"{place}: not one batch of weeks: {first}"
        ends = {(today - datetime.timedelta(30)).isoformat(), today.isoformat()}
        if not all(any(end in job["filter"] for job in first) for end in ends):
            yield f"{place}: the jobs are not those of the last 30 days: {first}"
        if ids & {job["jobId"] for job in earlier}:
            yield f"{place}: two nights have jobs of the same id"
        # The unit counts from the day on which it starts, and is not restarted. The other two repeat a night after midnight.
        if earlier and any("as-of" in job["jobId"] for job in first + earlier):
            yield f"{place}: the ids depend on the day on which the command runs: {first}"
    manual = enqueued(worker, cron_job()["containers"][0]["command"], JOB="again-20261130")
    if not any(today.isoformat() in job["filter"] for job in manual):
        yield f"cronjob.yaml: a Job created by hand does not end with the present day: {manual}"


def check_sign_in():
    """The CronJob has the workers' variables and files for Kafka, and no other secret."""
    ours, theirs = cron_job(), pod(ROOT / "deploy/kubernetes/workload.yaml", "spec")
    container, worker = ours["containers"][0], theirs["containers"][0]
    if container["envFrom"] != worker["envFrom"]:
        yield "cronjob.yaml: other settings than the workers'"
    wanted = [variable for variable in worker["env"] if variable["name"].startswith("KAFKA_")]
    if [variable for variable in container.get("env", []) if variable["name"].startswith("KAFKA_")] != wanted:
        yield f"cronjob.yaml: other variables for Kafka than the workers': {wanted}"
    configuration = yaml.safe_load((ROOT / "deploy/kubernetes/configuration.yaml").read_text(encoding="utf-8"))["data"]
    paths = {value for name, value in configuration.items() if name.startswith("KAFKA_") and value.startswith(SECRETS)}
    paths |= {variable["value"] for variable in wanted if variable.get("value", "").startswith(SECRETS)}
    mount = next(mount for mount in container["volumeMounts"] if mount["name"] == "secrets")
    volume = next(volume["secret"] for volume in ours["volumes"] if volume["name"] == "secrets")
    if {f"{mount['mountPath']}/{item['path']}" for item in volume["items"]} != paths:
        yield f"cronjob.yaml: does not mount {sorted(paths)}"
    if volume["secretName"] != next(v["secret"]["secretName"] for v in theirs["volumes"] if v["name"] == "secrets"):
        yield "cronjob.yaml: another secret than the workers'"
    if any(ours["securityContext"].get(name) != theirs["securityContext"][name] for name in ("runAsUser", "runAsGroup", "fsGroup")):
        yield "cronjob.yaml: its user cannot read the secret"


def check_units():
    """Verifies copies of the units whose programs are installed on this machine, with the file for brokers with a password."""
    with temporary() as folder:
        for source in (SCHEDULE / "payout-enqueue.service", SCHEDULE / "payout-enqueue.timer", SYSTEMD / "payout-export-worker.service"):
            text = source.read_text(encoding="utf-8").replace("/usr/local/bin/payout-worker run", "/bin/true")
            pathlib.Path(folder, source.name).write_text(re.sub(r"^EnvironmentFile=.*$", "", text, flags=re.M))
            if source.suffix == ".service":
                pathlib.Path(folder, f"{source.name}.d").mkdir()
                shutil.copy(SYSTEMD / "kafka-password.conf", pathlib.Path(folder, f"{source.name}.d"))
        services = sorted(path for path in pathlib.Path(folder).iterdir() if path.is_file())
        verify = subprocess.run(["systemd-analyze", "verify", "--man=no", *services], capture_output=True, text=True)
        if verify.returncode or verify.stderr.strip():
            yield f"systemd-analyze verify: {verify.stderr.strip()}"
    timer = re.search(r"^OnCalendar=(.*)$", (SCHEDULE / "payout-enqueue.timer").read_text(encoding="utf-8"), re.M)[1]
    calendar = subprocess.run(["systemd-analyze", "calendar", timer], capture_output=True, text=True)
    if calendar.returncode:
        yield f"systemd-analyze calendar: {calendar.stderr.strip()}"


def main():
    worker = os.path.abspath(sys.argv[1])
    problems = [*check_jobs(worker), *check_sign_in(), *check_units()]
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
