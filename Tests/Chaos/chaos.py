#!/usr/bin/env python3
"""The crash suite: real worker processes, killed, frozen and stopped, with a broker and a service that fail.

A broker, a sandbox API and several workers run as processes of their own. Jobs are enqueued while workers are killed
(SIGKILL), frozen and continued (SIGSTOP, SIGCONT), stopped (SIGTERM) and started again. The service fails a fifth of its
calls, and the broker answers with errors, closes connections and becomes unreachable. An operator pauses and resumes jobs,
cancels many at once and retries those that failed. A seed determines the times.
At the end a checker that shares no code with the worker reads the results topic (read_committed), the file store and
the service's journal, prints the results, and exits with status 1 if a guarantee is broken.

Without KAFKA_BOOTSTRAP_SERVERS the suite uses the embedded broker. On a real one, an administrator adds partitions, leaves
a transaction open on the jobs topic, lets the workers' topics lack replicas in sync, and deletes the jobs topic and creates
it again while workers run. BROKER_RESTART may be a command that restarts the broker and returns when it is up again, BROKER_STOP and BROKER_START commands that stop and
start one broker of several. Failing calls go to loopback addresses only.
"""

import argparse
import collections
import os
import pathlib
import shutil
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Processes"))

import guarantees  # noqa: E402
from administration import Administration  # noqa: E402
from check import Check  # noqa: E402
from commands import Commands  # noqa: E402
from fleet import Fleet  # noqa: E402
from operations import OperationsCheck  # noqa: E402
from processes import is_local  # noqa: E402
from service import Sandbox  # noqa: E402
from topics import Results, Sender, Topics  # noqa: E402
from faults import API_FAULTS, EmbeddedBrokerFaults, RealBrokerFaults  # noqa: E402
from workload import Workload  # noqa: E402

SESSION_SECONDS = 8


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True, type=pathlib.Path, help="the payout-worker executable")
    parser.add_argument("--jobs", type=int, default=2000)
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--kills", type=int, default=12, help="how often a worker is killed, frozen or stopped")
    parser.add_argument("--broker-faults", type=int, help="how many broker faults are injected; half of --kills unless given")
    parser.add_argument("--admin-faults", type=int,
                        help="how often an administrator changes topics or stops a broker; 3 unless given, on a real broker")
    parser.add_argument("--commands", type=int, default=6, help="how often an operator pauses, cancels or retries jobs")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--partitions", type=int, default=6)
    parser.add_argument("--seconds", type=float, default=60, help="the time over which jobs and faults are spread")
    parser.add_argument("--timeout", type=float, default=300, help="the time limit of the whole run")
    parser.add_argument("--delivery", choices=["exactly-once", "at-least-once"], default="exactly-once")
    parser.add_argument("--api-faults", choices=["on", "off"], default="on")
    parser.add_argument("--forgetful-service", action="store_true", help="the service ignores idempotency ids")
    parser.add_argument("--keep", action="store_true", help="keep logs and files of a run without findings too")
    return parser.parse_args()


class Run:
    """The processes of one run."""

    def __init__(self, options):
        self.options = options
        address = os.environ.get("KAFKA_BOOTSTRAP_SERVERS", "")
        self.is_real = bool(address)
        if self.is_real and not is_local(address):
            print("note: the broker is not on this machine; topics of this run's own are used there", file=sys.stderr)
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="payout-chaos-"))
        arguments = ["--speed", "demo", "--kafka-partitions", options.partitions]
        arguments += ["--no-idempotency"] if options.forgetful_service else []
        self.sandbox = Sandbox(options.binary, arguments, not self.is_real, log=self.directory / "sandbox.log")
        bootstrap = address or self.sandbox.settings["KAFKA_BOOTSTRAP_SERVERS"]
        self.topics = Topics(bootstrap, self.is_real, options.partitions, "chaos")
        self.topics.create()
        restart = os.environ.get("BROKER_RESTART", "")
        self.broker_faults = RealBrokerFaults(restart) if self.is_real else EmbeddedBrokerFaults(self.sandbox, options.seed)
        self.has_broker_faults = bool(restart) or not self.is_real
        self.promises = guarantees.probe(self.topics)

    @property
    def settings(self):
        return {
            **self.sandbox.settings, **self.topics.settings,
            "KAFKA_CLIENT_SESSION_TIMEOUT_MS": str(SESSION_SECONDS * 1000),
            "KAFKA_CLIENT_HEARTBEAT_INTERVAL_MS": "1500",
            "WORKER_POLL_MIN_INTERVAL": "500ms", "WORKER_POLL_MAX_INTERVAL": "5s",
            "WORKER_DELIVERY": self.options.delivery, "PAYOUT_API_REQUESTS_PER_SECOND": "2000",
            "KAFKA_CLIENT_TOPIC_METADATA_REFRESH_INTERVAL_MS": "5000",
            "KAFKA_GROUP_PROTOCOL": os.environ.get("KAFKA_GROUP_PROTOCOL", "classic"),
            "LOG_LEVEL": "debug", "LOG_FORMAT": "text", "FILES_LOCATION": (self.directory / "files").as_uri()}

    def schedule(self, fleet, administration, commands, begin):
        """The times of all faults in order, with their functions; the fleet's random numbers determine both."""
        broker = self.options.broker_faults
        broker = self.options.kills // 2 if broker is None else broker
        faults = [fleet.inject] * self.options.kills + [commands.inject] * self.options.commands
        faults += [self.broker_faults.inject] * (broker if self.has_broker_faults else 0)
        wanted = self.options.admin_faults
        if self.is_real:
            faults += [administration.inject] * (3 if wanted is None else wanted)
        elif wanted:
            raise SystemExit("--admin-faults needs a real broker: the embedded one does not delete topics")
        return sorted(((begin + 3 + fleet.rng.uniform(0, self.options.seconds), inject) for inject in faults),
                      key=lambda pair: pair[0])

    def go(self):
        workload = Workload(self.options.jobs, self.options.seed)
        if self.options.api_faults == "on":
            self.sandbox.set_faults(API_FAULTS)
        results = Results(self.topics)
        results.start()
        fleet = Fleet(self.options.binary, self.settings, self.directory, self.options.seed)
        records = [(record.key, record.value) for record in workload.records]
        sender = Sender(self.topics, records, self.options.seconds, pins=True)
        commands = self.commands = Commands(self, workload, results, self.options.seed)
        commands.start()
        administration = self.administration = Administration(self, workload, commands, sender, results)
        fleet.was_broker_unreachable = lambda *times: any(
            faults.was_unreachable(*times) for faults in (self.broker_faults, administration))
        try:
            # Half of the workers return with their names.
            fleet.start_all(self.options.workers, named=(self.options.workers + 1) // 2)
            begin = time.time()
            sender.start()
            self.run_until_done(fleet, sender, workload, results, begin)
            # A late event would be a repetition.
            time.sleep(SESSION_SECONDS)
            took = time.time() - begin
            fleet.stop()
        except BaseException:
            fleet.abandon()
            raise
        results.stop()
        commands.controls.stop()
        is_recreated = administration.counts()["recreate_jobs"] > 0
        check = Check(workload, commands, sender, results, self.sandbox.journal(), is_recreated)
        check.check_files(self.sandbox, self.options.seed)
        operations = OperationsCheck(check, workload, commands, results, fleet.freezes)
        return check, operations, fleet, took

    def run_until_done(self, fleet, sender, workload, results, begin):
        schedule = self.schedule(fleet, self.administration, self.commands, begin)
        are_over = False
        while time.time() - begin < self.options.timeout:
            if schedule and time.time() >= schedule[0][0]:
                schedule.pop(0)[1]()
            fleet.check_alive()
            if sender.problem:
                raise SystemExit(sender.problem)
            if not schedule and not are_over:
                self.administration.end()
                self.broker_faults.end()
                self.commands.end()
                are_over = True
            if are_over and sender.done.is_set() and all(
                    name in results.events for name in list(workload.expected)) and all(
                    batch in results.batches for batch in workload.batches):
                return
            time.sleep(0.05)

    def close(self):
        self.sandbox.stop()
        self.topics.delete()


def show(run, check, operations, fleet, took):
    options = run.options
    injected = collections.Counter(what for _, what, *_ in fleet.history + run.broker_faults.history)
    takeovers = check.takeover_times(fleet.history)
    commands = run.commands.counts()
    print("guarantees of this broker, by test")
    for promise, kept in run.promises.items():
        print(f"  {promise:46} {guarantees.text(kept)}")
    shown = "transactions and fencing" if guarantees.is_exact(run.promises) else "deduplication and position records only"
    if options.delivery == "at-least-once":
        shown = "nothing against repetition: at-least-once"
    print(f"  so this run's result depends on                {shown}\n")
    rows = [
        ("broker", "Kafka at " + run.topics.bootstrap if run.is_real else "embedded"),
        ("delivery, group protocol, seed", f"{options.delivery}, {run.settings['KAFKA_GROUP_PROTOCOL']}, {options.seed}"),
        ("jobs", len(check.expected)), ("events", check.count),
        ("missing", len(check.missing)), ("unexpected", len(check.unexpected)), ("repeated", len(check.repeated)),
        ("repeated with other content", len(check.differing)), ("wrong status", len(check.wrong)),
        ("batches / events missing / repeated / wrong",
         f"{len(operations.workload.batches)} / {len(operations.missing)} / {len(operations.repeated)} / {len(operations.wrong)}"),
        ("operator: " + " / ".join(name.replace("_", " ") for name in commands) + " / jobs retried",
         " / ".join(map(str, commands.values())) + f" / {len(run.commands.retried)}"),
        ("queued / completed while paused, in seconds of pauses",
         f"{len(operations.submitted)} / {len(operations.completed)}, {operations.paused_seconds():.0f} s"),
        ("exports at the service", len(check.journal)),
        ("exports per completed job", f"{check.exports_per_completed:.3f}"),
        ("second exports", f"{check.second_exports}{' (the service ignores idempotency ids)' if options.forgetful_service else ''}"),
        ("exports orphaned", len(check.orphans)), ("exports left by cancelled jobs", len(check.left_by_cancelled)),
        ("files / missing / damaged", f"{check.files} / {len(check.lost_files)} / {len(check.damaged_files)}"),
        ("files compared with the service's", check.files_compared),
        ("workers killed / frozen / stopped", f"{injected['kill']} / {injected['freeze']} / {injected['stop']}"),
        ("broker: errors / disconnects / down / slow / restarted",
         " / ".join(str(injected[name]) for name in ("errors", "disconnect", "down", "slow", "restart"))
         if run.has_broker_faults else "no faults (BROKER_RESTART is not set)"),
        ("administrator: partitions added / replicas lacking / transactions open / jobs topic recreated / broker stopped",
         " / ".join(str(run.administration.counts()[name]) for name in
                    ("add_partition", "lack_replicas", "leave_transaction_open", "recreate_jobs", "stop_one_broker"))
         if run.is_real else "none (the embedded broker does not delete topics)"),
        ("partitions recovered", run.administration.recovered),
        ("stops cut short by an outage of the broker", fleet.stops_cut_short),
        ("workers' own failures", len(fleet.failures)),
        ("longest stall of a partition", f"{check.longest_stall():.1f} s"),
        ("takeover after a kill, longest / median",
         f"{max(takeovers):.1f} s / {sorted(takeovers)[len(takeovers) // 2]:.1f} s of {len(takeovers)}"
         f" (session time-out {SESSION_SECONDS} s)" if takeovers else "no kill hit a partition with jobs"),
        ("took", f"{took:.0f} s"),
    ]
    for name, value in rows:
        print(f"{name:56} {value}")


def main():
    options = parse_arguments()
    run = Run(options)
    try:
        check, operations, fleet, took = run.go()
    except BaseException:
        print(f"logs in {run.directory}", file=sys.stderr)
        run.close()
        raise
    run.close()
    show(run, check, operations, fleet, took)
    is_exact = options.delivery == "exactly-once"
    broken = check.broken_promises(is_exact, not options.forgetful_service)
    broken |= operations.broken_promises(is_exact and guarantees.is_exact(run.promises))
    for name, found in broken.items():
        print(f"{name}: {', '.join(found[:10]) if isinstance(found, list) else found}")
    failures = fleet.failures + run.commands.failures
    for failure in failures:
        print(failure)
    if broken or failures:
        print(f"FAILED; logs in {run.directory}")
        return 1
    if not options.keep:
        shutil.rmtree(run.directory, ignore_errors=True)
    print("passed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
