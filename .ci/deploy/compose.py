"""Checks the compose file: docker-compose accepts it with every set of profiles, and it matches its comments.

    compose.py PAYOUT_WORKER

docker-compose checks it against the compose specification's schema and fills in what is left out; nothing is started.
"""

import json
import pathlib
import re
import subprocess
import sys

import yaml

from harness import ROOT, bare_environment, temporary

FILE = ROOT / "deploy/compose.yaml"
LEAST = {"kafka", "sandbox", "topics", "worker"}
PROFILES = {
    (): LEAST,
    ("fleet",): LEAST | {"more-workers"},
    ("monitoring",): LEAST | {"prometheus", "grafana"},
    ("minio",): LEAST | {"minio", "bucket"},
}


def resolved(profiles, folder):
    arguments = [part for profile in profiles for part in ("--profile", profile)]
    extra = ROOT / "deploy/compose" / ("-".join(profiles) + ".env")
    if profiles and extra.exists():
        arguments = ["--env-file", str(extra), *arguments]
    result = subprocess.run(
        ["docker-compose", "-f", FILE, *arguments, "config", "--format", "json"],
        env=bare_environment(HOME=folder), capture_output=True, text=True,
    )
    if result.returncode or result.stderr.strip():
        sys.exit(f"docker-compose {' '.join(arguments)}: {result.stderr}")
    return json.loads(result.stdout)


def seconds(text):
    return sum(int(n) * {"h": 3600, "m": 60, "s": 1}[unit] for n, unit in re.findall(r"(\d+)([hms])", text))


def check_service(name, service):
    ours = service["image"] == "payout-export-worker"
    if not ours and not re.fullmatch(r"[a-z0-9./-]+:(?!latest)[\w.-]+", service["image"]):
        yield f"{name}: the image {service['image']} has no version"
    for port in service.get("ports", []):
        if port.get("host_ip") != "127.0.0.1":
            yield f"{name}: port {port['target']} is not bound to loopback"
    for volume in service.get("volumes", []):
        if volume["type"] == "bind" and not pathlib.Path(volume["source"]).exists():
            yield f"{name}: {volume['source']} does not exist"
    if ours:
        if not (service.get("read_only") and service.get("cap_drop") == ["ALL"]):
            yield f"{name}: can write to its file system, or has capabilities"
        if service.get("ulimits", {}).get("nofile", {}).get("hard", 0) < 4096:
            yield f"{name}: has no number of file descriptors of its own (ulimits, nofile), or less than 4096"
        if "no-new-privileges:true" not in service.get("security_opt", []):
            yield f"{name}: can gain privileges"


def check_worker(name, service, worker, folder, secrets):
    if seconds(service["stop_grace_period"]) <= 25:
        yield f"{name}: is killed before WORKER_SHUTDOWN_TIMEOUT is over"
    variables = {}
    for variable, value in service["environment"].items():
        if variable.endswith("_FILE"):
            source = secrets[pathlib.Path(value).name]["file"]
            value = str(source)
        variables[variable] = value
    result = subprocess.run(
        [worker, "check-config"], env=bare_environment(**variables), capture_output=True, text=True
    )
    if result.returncode:
        yield f"{name}: check-config: {result.stderr}"


def check_command(name, command, worker):
    """Every flag of a command is one that the worker knows."""
    words = [word for word in command if not word.startswith("-")]
    for depth in (2, 1):
        help_text = subprocess.run([worker, *words[:depth], "--help"], capture_output=True, text=True)
        if help_text.returncode == 0:
            break
    for flag in (word for word in command if word.startswith("--")):
        # --kafka/--no-kafka, --api-port, --port <…>
        if not re.search(rf"(^|[\s,/]){re.escape(flag)}\b", help_text.stdout):
            yield f"{name}: {flag} is no flag of {' '.join(words[:2])}"


def main():
    worker, problems = sys.argv[1], []
    with temporary() as folder:
        known = {profile for service in yaml.safe_load(FILE.read_text())["services"].values()
                 for profile in service.get("profiles", [])}
        sets = {key: value for key, value in PROFILES.items() if set(key) <= known}
        if known != {profile for key in sets for profile in key}:
            problems.append(f"profiles {sorted(known)} are not all checked")
        for profiles, expected in sets.items():
            document = resolved(profiles, folder)
            services = document["services"]
            if set(services) != expected:
                problems.append(f"profiles {profiles} start {sorted(services)} instead of {sorted(expected)}")
            for name, service in services.items():
                problems += check_service(name, service)
                if service["image"] == "payout-export-worker":
                    problems += check_command(name, service.get("command") or [], worker)
                if "worker" in name:
                    problems += check_worker(name, service, worker, folder, document["secrets"])
            count = sum(s.get("deploy", {}).get("replicas", 1) for n, s in services.items() if "worker" in n)
            store = services["worker"]["environment"]["FILES_LOCATION"]
            if store.startswith("s3://") != ("minio" in profiles):
                problems.append(f"profiles {profiles} store files in {store}")
            if profiles == ("fleet",) and count != 3:
                problems.append(f"the fleet has {count} workers instead of three")
    scraped = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yaml").read_text())
    names = {n for job in scraped["scrape_configs"] for sd in job["dns_sd_configs"] for n in sd["names"]}
    if names != {"worker", "more-workers"}:
        problems.append(f"Prometheus scrapes {sorted(names)}")
    for problem in problems:
        print(problem, file=sys.stderr)
    print(f"{len(sets)} sets of profiles")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
