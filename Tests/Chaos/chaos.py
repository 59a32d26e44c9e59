#!/usr/bin/env python3
"""The crash suite: real worker processes, killed, frozen and stopped at random moments.

A broker, a sandbox API and several workers run as processes of their own. Jobs are enqueued while workers
are killed (SIGKILL), frozen and continued (SIGSTOP, SIGCONT), stopped (SIGTERM) and started anew, at moments
that a seed decides. At the end a checker that shares no code with the worker reads the results topic
(read_committed), the file store and the sandbox's journal, prints what it found, and exits with status 1
if a promise is broken.

Only addresses on this machine are ever a target.
"""

import argparse
import collections
import hashlib
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
import uuid

from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True, help="the payout-worker executable")
    parser.add_argument("--jobs", type=int, default=int(os.environ.get("JOBS", "2000")))
    parser.add_argument("--workers", type=int, default=int(os.environ.get("WORKERS", "3")))
    parser.add_argument("--kills", type=int, default=int(os.environ.get("KILLS", "12")))
    parser.add_argument("--seed", type=int, default=int(os.environ.get("SEED", "1")))
    parser.add_argument("--partitions", type=int, default=6)
    parser.add_argument("--seconds", type=float, default=60, help="over how long jobs and kills are spread")
    parser.add_argument("--timeout", type=float, default=300, help="the whole run at the most")
    parser.add_argument("--delivery", choices=["exactly-once", "at-least-once"], default="exactly-once")
    parser.add_argument("--faults", choices=["none", "api"], default="api")
    parser.add_argument("--keep", action="store_true", help="keep the logs and files of a run without findings too")
    return parser.parse_args()


class Sandbox:
    """The sandbox API, and where there is no broker the embedded one, in a process of its own."""

    FAULTS = [
        {"kind": "status", "status": 503, "probability": 0.05, "calls": ["create", "get", "delete"]},
        {"kind": "status", "status": 429, "probability": 0.01, "retryAfterSeconds": 1, "calls": ["create", "get"]},
        {"kind": "status", "status": 500, "probability": 0.02, "afterEffect": True, "calls": ["create"]},
        {"kind": "lostAnswer", "probability": 0.05, "calls": ["create", "get"]},
        {"kind": "closed", "probability": 0.02, "calls": ["create", "get"]},
        {"kind": "slow", "milliseconds": 800, "probability": 0.05, "calls": ["create", "get"]},
        {"kind": "blobBreaks", "share": 0.5, "probability": 0.05, "calls": ["blob"]},
        {"kind": "expiredURL", "probability": 0.02, "calls": ["blob"]},
    ]

    def __init__(self, binary, bootstrap, partitions, directory):
        arguments = [binary, "sandbox", "--speed", "demo"]
        arguments += ["--no-kafka"] if bootstrap else ["--kafka-partitions", str(partitions)]
        self.log = open(directory / "sandbox.log", "wb")
        self.process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=self.log, text=True)
        self.environment = {}
        wanted = {"PAYOUT_API_PASSWORD"} | (set() if bootstrap else {"KAFKA_BOOTSTRAP_SERVERS"})
        for line in self.process.stdout:
            if line.startswith("export "):
                name, value = line[len("export "):].rstrip("\n").split("=", 1)
                self.environment[name] = value.strip("'\"")
            if "PAYOUT_API_BLOB_HOSTS" in self.environment and wanted <= set(self.environment):
                break
        else:
            raise SystemExit("the sandbox did not start; see sandbox.log")
        threading.Thread(target=lambda: collections.deque(self.process.stdout, maxlen=0), daemon=True).start()
        self.url = self.environment["PAYOUT_API_BASE_URL"]

    def set_faults(self, faults):
        request = urllib.request.Request(
            self.url + "/_sandbox/faults", method="PUT", data=json.dumps(faults).encode(),
            headers={"content-type": "application/json"})
        urllib.request.urlopen(request, timeout=10).read()

    def journal(self):
        with urllib.request.urlopen(self.url + "/_sandbox/journal?format=jsonl", timeout=60) as answer:
            return [json.loads(line) for line in answer if line.strip()]

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()


class Fleet:
    """Worker processes, and what happens to them."""

    def __init__(self, binary, environment, count, directory, rng):
        self.binary, self.environment, self.directory, self.rng = binary, environment, directory, rng
        self.workers = {}
        self.started = 0
        self.history = []
        self.failures = []
        for _ in range(count):
            self.start()

    def start(self):
        self.started += 1
        name = f"w{self.started}"
        log = open(self.directory / f"{name}.log", "wb")
        environment = dict(self.environment, WORKER_ID=name)
        self.workers[name] = subprocess.Popen([self.binary, "run"], env=environment, stdout=log, stderr=log)
        return name

    def note(self, what, name):
        self.history.append((time.time(), what, name))

    def strike(self):
        """Does something bad to a random worker, and starts another where one has gone."""
        if not self.workers:
            return
        name = self.rng.choice(sorted(self.workers))
        process = self.workers[name]
        kind = self.rng.choices(["kill", "freeze", "stop"], [5, 3, 2])[0]
        self.note(kind, name)
        if kind == "kill":
            process.kill()
            process.wait()
            del self.workers[name]
            threading.Timer(self.rng.uniform(0, 3), self.start).start()
        elif kind == "freeze":
            process.send_signal(signal.SIGSTOP)
            # Some are back before the group has noticed, some come back as zombies.
            threading.Timer(self.rng.choice([1, 4, 12, 15]), lambda: self.thaw(process)).start()
        else:
            process.terminate()
            del self.workers[name]
            threading.Thread(target=self.await_end, args=(name, process)).start()
            threading.Timer(self.rng.uniform(0, 3), self.start).start()

    def thaw(self, process):
        if process.poll() is None:
            process.send_signal(signal.SIGCONT)

    def await_end(self, name, process):
        try:
            code = process.wait(60)
            if code != 0:
                self.failures.append(f"{name} ended with status {code} after SIGTERM")
        except subprocess.TimeoutExpired:
            self.failures.append(f"{name} did not end within 60 s of SIGTERM")
            process.kill()

    def check_alive(self):
        for name, process in list(self.workers.items()):
            code = process.poll()
            if code is not None:
                self.failures.append(f"{name} ended by itself with status {code}")
                del self.workers[name]
                self.start()

    def stop(self):
        for process in self.workers.values():
            process.send_signal(signal.SIGCONT)
            process.terminate()
        for name, process in self.workers.items():
            self.await_end(name, process)


class Results(threading.Thread):
    """Reads the results topic as any consumer would."""

    def __init__(self, bootstrap, topic, partitions):
        super().__init__(daemon=True)
        self.consumer = Consumer({
            "bootstrap.servers": bootstrap, "log_level": 2, "group.id": f"chaos-{uuid.uuid4()}", "isolation.level": "read_committed",
            "enable.auto.commit": False, "auto.offset.reset": "earliest"})
        self.consumer.assign([TopicPartition(topic, number, 0) for number in range(partitions)])
        self.events = collections.defaultdict(list)
        self.arrivals = []
        self.running = True

    def run(self):
        while self.running:
            message = self.consumer.poll(0.5)
            if message is None or message.error():
                continue
            headers = {name: value.decode() for name, value in message.headers() or []}
            body = json.loads(message.value())
            self.events[body["jobId"]].append((headers.get("ce_id"), body, time.time()))
            self.arrivals.append(time.time())
        self.consumer.close()


def make_jobs(count, rng):
    """Jobs of both kinds and formats; some are enqueued twice, some are broken."""
    jobs = []
    for number in range(count):
        identity = f"job-{number:06d}"
        job = {"jobId": identity, "kind": rng.choice(["transactionHistory", "payments"]),
               "filter": f"enrollmentParticipantId eq '{number}'", "fileFormat": rng.choice(["csv", "tsv"])}
        expected = {"completed"}
        if rng.random() < 0.02:
            job["kind"] = "nonsense"
            expected = {"rejected"}
        jobs.append((identity, json.dumps(job), expected))
        if expected == {"completed"} and rng.random() < 0.03:
            jobs.append((identity, json.dumps(job), None))
    return jobs


def enqueue(bootstrap, topic, jobs, seconds, done):
    producer = Producer({"bootstrap.servers": bootstrap, "log_level": 2, "partitioner": "murmur2_random", "enable.idempotence": True})
    begin = time.time()
    for index, (identity, value, _) in enumerate(jobs):
        while time.time() - begin < seconds * index / len(jobs):
            producer.poll(0.005)
        producer.produce(topic, key=identity, value=value)
    if producer.flush(60) > 0:
        raise SystemExit("jobs could not be enqueued")
    done.set()


def check_files(events):
    missing, damaged = [], []
    for identity, seen in events.items():
        for file in seen[0][1]["files"]:
            if not file["location"].startswith("file://"):
                continue
            path = pathlib.Path(urllib.request.url2pathname(file["location"][len("file://"):]))
            if not path.exists():
                missing.append(identity)
            elif hashlib.sha256(path.read_bytes()).hexdigest() != file["sha256"]:
                damaged.append(identity)
    return missing, damaged


def longest_gap(moments):
    ordered = sorted(moments)
    return max((b - a for a, b in zip(ordered, ordered[1:])), default=0.0)


def take_over_times(history, arrivals):
    """Seconds from each kill to the next event after a pause in them; a rough measure of the hand-over."""
    times = []
    for moment, what, _ in history:
        if what == "kill":
            later = [arrival for arrival in arrivals if arrival > moment]
            if later:
                times.append(min(later) - moment)
    return times


def main():
    options = parse_arguments()
    rng = random.Random(options.seed)
    bootstrap = os.environ.get("KAFKA_BOOTSTRAP_SERVERS", "")
    if bootstrap and not all(server.split(":")[0] in ("127.0.0.1", "localhost", "[") for server in bootstrap.split(",")):
        print("note: a broker beyond this machine was named; the crash suite uses topics of its own there", file=sys.stderr)
    directory = pathlib.Path(tempfile.mkdtemp(prefix="payout-chaos-"))
    sandbox = Sandbox(options.binary, bootstrap, options.partitions, directory)
    is_real = bool(bootstrap)
    bootstrap = bootstrap or sandbox.environment["KAFKA_BOOTSTRAP_SERVERS"]
    admin = AdminClient({"bootstrap.servers": bootstrap})
    prefix = f"chaos-{uuid.uuid4().hex[:8]}" if is_real else None
    topics = {name: f"{prefix}.{name}" if prefix else f"payout.export.{name}"
              for name in ["jobs", "results", "state", "dead-letter"]}
    if is_real:
        wanted = [NewTopic(topic, num_partitions=options.partitions, replication_factor=1,
                           config={"cleanup.policy": "compact"} if name == "state" else {})
                  for name, topic in topics.items()]
        for future in admin.create_topics(wanted).values():
            future.result()

    environment = {name: value for name, value in os.environ.items()
                   if not name.startswith(("KAFKA_", "PAYOUT_", "WORKER_", "FILES_", "HTTP_"))}
    environment.update({name: value for name, value in sandbox.environment.items()})
    environment.update({
        "KAFKA_BOOTSTRAP_SERVERS": bootstrap, "KAFKA_GROUP_ID": prefix or "chaos",
        "KAFKA_TOPICS_JOBS": topics["jobs"], "KAFKA_TOPICS_RESULTS": topics["results"],
        "KAFKA_TOPICS_STATE": topics["state"], "KAFKA_TOPICS_DEAD_LETTER": topics["dead-letter"],
        "KAFKA_CLIENT_SESSION_TIMEOUT_MS": "8000", "KAFKA_CLIENT_HEARTBEAT_INTERVAL_MS": "1500",
        "WORKER_POLL_MIN_INTERVAL": "500ms", "WORKER_POLL_MAX_INTERVAL": "5s", "WORKER_DELIVERY": options.delivery,
        "PAYOUT_API_REQUESTS_PER_SECOND": "2000", "HTTP_PORT": "0", "LOG_LEVEL": "debug", "LOG_FORMAT": "text",
        "FILES_LOCATION": (directory / "files").as_uri()})
    if options.faults == "api":
        sandbox.set_faults(Sandbox.FAULTS)

    jobs = make_jobs(options.jobs, rng)
    expected = {identity: outcome for identity, _, outcome in jobs if outcome}
    results = Results(bootstrap, topics["results"], options.partitions)
    results.start()
    fleet = Fleet(options.binary, environment, options.workers, directory, rng)
    enqueued = threading.Event()
    threading.Thread(target=enqueue, daemon=True,
                     args=(bootstrap, topics["jobs"], jobs, options.seconds, enqueued)).start()

    begin = time.time()
    moments = sorted(begin + 3 + rng.uniform(0, options.seconds) for _ in range(options.kills))
    while time.time() - begin < options.timeout:
        if moments and time.time() >= moments[0]:
            moments.pop(0)
            fleet.strike()
        fleet.check_alive()
        if not moments and enqueued.is_set() and len(results.events) >= len(expected):
            break
        time.sleep(0.1)
    # What comes late would be a repetition.
    time.sleep(8)
    finished = time.time()
    fleet.stop()
    time.sleep(2)
    results.running = False
    results.join()
    journal = sandbox.journal()
    sandbox.stop()

    events = results.events
    missing = sorted(set(expected) - set(events))
    unexpected = sorted(set(events) - set(expected))
    # A job that was enqueued again after it had finished has its event published again, with the same id.
    twice = collections.Counter(identity for identity, _, _ in jobs)
    repeated = sorted(identity for identity, seen in events.items() if len(seen) > twice[identity])
    differing = sorted(identity for identity, seen in events.items()
                       if len({(ce_id, json.dumps(body, sort_keys=True)) for ce_id, body, _ in seen}) > 1)
    wrong = sorted(identity for identity, outcome in expected.items()
                   if identity in events and events[identity][0][1]["status"] not in outcome)
    lost_files, damaged_files = check_files(events)
    by_idempotency = collections.Counter(export.get("idempotencyID") or export.get("idempotencyId") for export in journal)
    second_exports = sum(count - 1 for count in by_idempotency.values() if count > 1)
    announced = {body["requestId"] for seen in events.values() for _, body, _ in seen if body["requestId"]}
    orphans = [export for export in journal
               if (export.get("requestID") or export.get("requestId")) not in announced and export.get("state") != "deleted"]
    kills = collections.Counter(what for _, what, _ in fleet.history)
    hand_overs = take_over_times(fleet.history, results.arrivals)

    rows = [
        ("broker", "Kafka at " + bootstrap if is_real else "embedded (offsets of transactions are dropped; see its limits)"),
        ("delivery", options.delivery),
        ("seed", options.seed),
        ("jobs", len(expected)),
        ("events", sum(len(seen) for seen in events.values())),
        ("missing", len(missing)),
        ("unexpected", len(unexpected)),
        ("repeated", len(repeated)),
        ("repeated with other content", len(differing)),
        ("wrong status", len(wrong)),
        ("exports at the service", len(journal)),
        ("second exports", second_exports),
        ("exports orphaned", len(orphans)),
        ("files missing", len(lost_files)),
        ("files damaged", len(damaged_files)),
        ("killed / frozen / stopped", f"{kills['kill']} / {kills['freeze']} / {kills['stop']}"),
        ("workers' own failures", len(fleet.failures)),
        ("longest stall", f"{longest_gap(results.arrivals):.1f} s"),
        ("event after a kill, longest", f"{max(hand_overs, default=0):.1f} s"),
        ("took", f"{finished - begin:.0f} s"),
    ]
    for name, value in rows:
        print(f"{name:32} {value}")
    for name, identities in [("missing", missing), ("repeated", repeated), ("differing", differing), ("wrong", wrong),
                             ("unexpected", unexpected)]:
        if identities:
            print(f"{name}: {', '.join(identities[:10])}")
    for failure in fleet.failures:
        print(failure)
    is_exact = options.delivery == "exactly-once"
    broken = missing or wrong or unexpected or lost_files or damaged_files or fleet.failures or second_exports
    broken = broken or (is_exact and (repeated or differing))
    if is_real:
        for future in admin.delete_topics(list(topics.values())).values():
            future.result()
    if broken:
        print(f"FAILED; logs in {directory}")
        sys.exit(1)
    if not options.keep:
        shutil.rmtree(directory, ignore_errors=True)
    print("passed")


if __name__ == "__main__":
    main()
