#!/usr/bin/env python3
"""The crash suite: real worker processes, killed, frozen and stopped, with a broker and a service that fail.

A broker, a sandbox API and several workers run as processes of their own. Jobs are enqueued while workers are killed
(SIGKILL), frozen and continued (SIGSTOP, SIGCONT), stopped (SIGTERM) and started anew, the service answers a fifth of
its calls badly, and the broker answers with errors, closes connections and goes away, at moments that a seed decides.
At the end a checker that shares no code with the worker reads the results topic (read_committed), the file store and
the service's journal, prints what it found, and exits with status 1 if a promise is broken.

Without KAFKA_BOOTSTRAP_SERVERS the embedded broker is used. On a real one, BROKER_RESTART may hold a command that
restarts it and returns when it is up again. Only loopback addresses are ever a target of failing calls.
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
from check import Check, make_jobs  # noqa: E402
from fleet import Fleet  # noqa: E402
from processes import is_local  # noqa: E402
from service import Sandbox  # noqa: E402
from topics import Results, Sender, Topics  # noqa: E402
from trouble import API_FAULTS, EmbeddedTrouble, RealTrouble  # noqa: E402

SESSION_SECONDS = 8


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True, type=pathlib.Path, help="the payout-worker executable")
    parser.add_argument("--jobs", type=int, default=2000)
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--kills", type=int, default=12, help="how often a worker is struck")
    parser.add_argument("--broker-faults", type=int, help="how often the broker is; half as often unless given")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--partitions", type=int, default=6)
    parser.add_argument("--seconds", type=float, default=60, help="over how long jobs and strikes are spread")
    parser.add_argument("--timeout", type=float, default=300, help="the whole run at the most")
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
        self.trouble = RealTrouble(restart) if self.is_real else EmbeddedTrouble(self.sandbox, options.seed)
        self.can_trouble = bool(restart) or not self.is_real
        self.promises = guarantees.probe(self.topics)

    @property
    def settings(self):
        return {
            **self.sandbox.settings, **self.topics.settings,
            "KAFKA_CLIENT_SESSION_TIMEOUT_MS": str(SESSION_SECONDS * 1000),
            "KAFKA_CLIENT_HEARTBEAT_INTERVAL_MS": "1500",
            "WORKER_POLL_MIN_INTERVAL": "500ms", "WORKER_POLL_MAX_INTERVAL": "5s",
            "WORKER_DELIVERY": self.options.delivery, "PAYOUT_API_REQUESTS_PER_SECOND": "2000",
            "LOG_LEVEL": "debug", "LOG_FORMAT": "text", "FILES_LOCATION": (self.directory / "files").as_uri()}

    def moments(self, fleet, begin):
        """When who is struck, in order; the fleet's random numbers decide both."""
        broker = self.options.broker_faults
        broker = self.options.kills // 2 if broker is None else broker
        strikes = [fleet.strike] * self.options.kills + [self.trouble.strike] * (broker if self.can_trouble else 0)
        return sorted(((begin + 3 + fleet.rng.uniform(0, self.options.seconds), strike) for strike in strikes),
                      key=lambda pair: pair[0])

    def go(self):
        records, expected = make_jobs(self.options.jobs, self.options.seed)
        if self.options.api_faults == "on":
            self.sandbox.set_faults(API_FAULTS)
        results = Results(self.topics)
        results.start()
        fleet = Fleet(self.options.binary, self.settings, self.directory, self.options.seed)
        fleet.was_broker_away = self.trouble.was_away
        try:
            # Every other worker comes back under its name.
            fleet.start_all(self.options.workers, named=(self.options.workers + 1) // 2)
            sender = Sender(self.topics, records, self.options.seconds)
            begin = time.time()
            sender.start()
            self.strike_until_done(fleet, sender, results, expected, begin)
            # What comes late would be a repetition.
            time.sleep(SESSION_SECONDS)
            took = time.time() - begin
            fleet.stop()
        except BaseException:
            fleet.abandon()
            raise
        time.sleep(2)
        results.stop()
        check = Check(records, expected, sender, results, self.sandbox.journal())
        check.look_at_files(self.sandbox, self.options.seed)
        return check, fleet, sender, took

    def strike_until_done(self, fleet, sender, results, expected, begin):
        moments = self.moments(fleet, begin)
        while time.time() - begin < self.options.timeout:
            if moments and time.time() >= moments[0][0]:
                moments.pop(0)[1]()
                if not moments:
                    self.trouble.end()
            fleet.check_alive()
            if sender.problem:
                raise SystemExit(sender.problem)
            if not moments and sender.done.is_set() and len(results.events) >= len(expected):
                return
            time.sleep(0.05)

    def close(self):
        self.sandbox.stop()
        self.topics.delete()


def show(run, check, fleet, sender, took):
    options = run.options
    struck = collections.Counter(what for _, what, *_ in fleet.history + run.trouble.history)
    hand_overs = check.take_over_times(fleet.history)
    print("what this broker promises, found out by trying")
    for promise, kept in run.promises.items():
        print(f"  {promise:46} {guarantees.text(kept)}")
    shown = "transactions and fencing" if guarantees.is_exact(run.promises) else "deduplication and position records alone"
    if options.delivery == "at-least-once":
        shown = "nothing against repetition: at-least-once"
    print(f"  so what this run shows rests on                {shown}\n")
    rows = [
        ("broker", "Kafka at " + run.topics.bootstrap if run.is_real else "embedded"),
        ("delivery, seed", f"{options.delivery}, {options.seed}"),
        ("jobs", len(check.expected)), ("events", check.count),
        ("missing", len(check.missing)), ("unexpected", len(check.unexpected)), ("repeated", len(check.repeated)),
        ("repeated with other content", len(check.differing)), ("wrong status", len(check.wrong)),
        ("exports at the service", len(check.journal)),
        ("exports per completed job", f"{check.exports_per_completed:.3f}"),
        ("second exports", f"{check.second_exports}{' (the service ignores idempotency ids)' if options.forgetful_service else ''}"),
        ("exports orphaned", len(check.orphans)), ("exports left by cancelled jobs", len(check.left_by_cancelled)),
        ("files / missing / damaged", f"{check.files} / {len(check.lost_files)} / {len(check.damaged_files)}"),
        ("files compared with the service's", check.files_compared),
        ("workers killed / frozen / stopped", f"{struck['kill']} / {struck['freeze']} / {struck['stop']}"),
        ("broker: errors / disconnects / down / slow / restarted",
         " / ".join(str(struck[name]) for name in ("errors", "disconnect", "down", "slow", "restart"))
         if run.can_trouble else "left alone (BROKER_RESTART is not set)"),
        ("stops cut short by an outage of the broker", fleet.stops_cut_short),
        ("workers' own failures", len(fleet.failures)),
        ("longest stall of a partition", f"{check.longest_stall():.1f} s"),
        ("take-over after a kill, longest / median",
         f"{max(hand_overs):.1f} s / {sorted(hand_overs)[len(hand_overs) // 2]:.1f} s of {len(hand_overs)}"
         f" (session time-out {SESSION_SECONDS} s)" if hand_overs else "no kill hit a partition with jobs"),
        ("took", f"{took:.0f} s"),
    ]
    for name, value in rows:
        print(f"{name:56} {value}")


def main():
    options = parse_arguments()
    run = Run(options)
    try:
        check, fleet, sender, took = run.go()
    except BaseException:
        print(f"logs in {run.directory}", file=sys.stderr)
        run.close()
        raise
    run.close()
    show(run, check, fleet, sender, took)
    broken = check.broken_promises(options.delivery == "exactly-once", not options.forgetful_service)
    for name, found in broken.items():
        print(f"{name}: {', '.join(found[:10]) if isinstance(found, list) else found}")
    for failure in fleet.failures:
        print(failure)
    if broken or fleet.failures:
        print(f"FAILED; logs in {run.directory}")
        return 1
    if not options.keep:
        shutil.rmtree(run.directory, ignore_errors=True)
    print("passed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
