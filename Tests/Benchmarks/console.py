"""The console under load: what a flood of requests, and a list over all jobs, cost the engine, and how late deadlines are."""

import datetime
import json
import statistics
import time
import urllib.request

from fixture import Fixture
from inflight import LONG_EXPORTS, WAITING, started
from throughput import bare
from topics import Results

CLIENTS, SECONDS = 200, 30
ENGINE = "payout-engine"
# Jobs with deadlines during a measurement, evenly spread.
DEADLINES = 200
# The embedded broker keeps 5 MiB of a partition.
JOBS_IN_PARTITION = 5_000
# The intended answer to more questions than the console works on at the same time.
OK, BUSY = 200, 503


class Ends(Results):
    """The events with their documents: the jobs that `fill` writes have none."""

    def receive(self, message, now):
        event = json.loads(message.value())
        self.events[event["jobId"]].append((event, now))


class Deadlines:
    """Jobs whose deadlines pass while something is measured: how late each one's end is."""

    def __init__(self, fixture, prefix, seconds):
        self.fixture, self.prefix = fixture, prefix
        # Time to enqueue and to submit them all.
        begin = time.time() + 5
        self.jobs = {f"{prefix}-{number}": round(begin + (seconds - 7) * number / DEADLINES, 3) for number in range(DEADLINES)}
        fixture.enqueue([(name, json.dumps({"jobId": name, "kind": "payments", "deadline": rfc3339(at)}))
                         for name, at in self.jobs.items()])

    def lateness(self):
        """Seconds from each deadline to the time when the engine ended the job, and to when its event could be read."""
        events = self.fixture.results.events
        self.fixture.wait_for(f"the ends of {self.prefix}", lambda: all(name in events for name in self.jobs))
        ends = []
        for name, deadline in self.jobs.items():
            (event, read), *others = events[name]
            if others or (event["error"] or {}).get("code") != "deadlineExceeded":
                raise RuntimeError(f"{name} did not end by its deadline: {event}")
            finished = datetime.datetime.fromisoformat(event["times"]["finished"].replace("Z", "+00:00")).timestamp()
            ends.append((finished - deadline, read - deadline))
        return [sorted(values) for values in zip(*ends)]


def rfc3339(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def measured(fixture, worker, prefix, seconds, body):
    """What the engine needs while `body` runs, as a share of a core, and how late deadlines are meanwhile."""
    deadlines = Deadlines(fixture, prefix, seconds)
    engine, whole, begin = worker.cpu_seconds(ENGINE), worker.cpu_seconds(), time.monotonic()
    result = body()
    took = time.monotonic() - begin
    found = {"seconds": took, "engine": (worker.cpu_seconds(ENGINE) - engine) / took,
             "worker": (worker.cpu_seconds() - whole) / took}
    ends, events = deadlines.lateness()
    return {**found, "deadlines": len(ends), "lateEnd": ends[-1], "lateEndMedian": statistics.median(ends), "lateEvent": events[-1],
            "result": result}


def walk(url, query, seconds):
    """Follows a list page by page, as one client, to its end or until the time is over."""
    begin, pages, jobs, longest, place = time.monotonic(), 0, 0, 0, ""
    while place is not None and time.monotonic() - begin < seconds:
        asked = time.monotonic()
        with urllib.request.urlopen(f"{url}/api/jobs?{query}{place}", timeout=60) as answer:
            page = json.load(answer)
        longest = max(longest, time.monotonic() - asked)
        pages, jobs = pages + 1, jobs + len(page["jobs"])
        place = f"&cursor={page['next']}" if page.get("next") else None
    took = time.monotonic() - begin
    # So that the deadlines of the measurement pass within it.
    time.sleep(max(0, seconds - took))
    return {"pages": pages, "jobs": jobs, "seconds": took, "longest": longest, "isWhole": place is None}


def console(binaries, report, count):
    partitions = max(6, count // JOBS_IN_PARTITION)
    with Fixture(binaries, LONG_EXPORTS, partitions=partitions, settings=WAITING) as fixture:
        names = fixture.topics.names
        bare(binaries, "fill", fixture.topics.bootstrap, names["jobs"], names["state"], count, partitions)
        worker, _ = started(fixture, count)
        fixture.read_results(Ends)
        url = f"http://127.0.0.1:{worker.port}"
        found = {"jobs": count, "quiet": measured(fixture, worker, "quiet", SECONDS, lambda: time.sleep(SECONDS))}
        for name, query in (("list", "state=open&limit=200"), ("search", "text=no-such-text")):
            found[name] = measured(fixture, worker, name, SECONDS, lambda query=query: walk(url, query, SECONDS))
        found["flood"] = measured(fixture, worker, "flood", SECONDS,
                                  lambda: bare(binaries, "flood", url, CLIENTS, SECONDS, count))
    show(report, found)


def show(report, found):
    quiet, flood = found["quiet"], found["flood"]
    report.heading(f"The console with {found['jobs']:,} jobs that wait, {SECONDS} s each")
    for name in ("quiet", "list", "search", "flood"):
        entry = found[name]
        report.row({"quiet": "no request", "flood": f"{CLIENTS} clients"}.get(name, f"one client's {name}"),
                   f"engine {entry['engine'] * 100:.1f} % of a core, worker {entry['worker'] * 100:.0f} %; "
                   f"{entry['deadlines']} deadlines, the latest end {entry['lateEnd'] * 1000:.0f} ms late, "
                   f"its event {entry['lateEvent'] * 1000:.0f} ms")
    for name in ("list", "search"):
        entry = found[name]["result"]
        report.row(f"pages of the {name}", f"{entry['pages']}, the longest {entry['longest']:.2f} s; {entry['jobs']:,} jobs in "
                   f"{entry['seconds']:.1f} s{'' if entry['isWhole'] else ', not the whole list'}")
    answers = flood["result"]["answers"]
    for name, entry in sorted(answers.items()):
        report.row(f"flood, {name}", "; ".join(
            f"{times['count']:,} × {status}, p50 {times['p50'] * 1000:.0f} ms, p99 {times['p99'] * 1000:.0f} ms, "
            f"longest {times['longest'] * 1000:.0f} ms" for status, times in sorted(entry["byStatus"].items())))
    unexpected = sum(times["count"] for entry in answers.values() for status, times in entry["byStatus"].items()
                     if int(status) not in (OK, BUSY))
    p99 = {status: max(entry["byStatus"].get(str(status), {}).get("p99", 0) for entry in answers.values()) for status in (OK, BUSY)}
    report.goal("console, engine's share of a core for a list", max(found[name]["engine"] for name in ("list", "search"))
                - quiet["engine"])
    report.goal("console, engine's share of a core for the flood", flood["engine"] - quiet["engine"])
    report.goal("console, the latest end after its deadline", max(found[name]["lateEnd"] for name in ("list", "search", "flood")), "s")
    report.goal("console, p99 of an answer", p99[OK], "s")
    report.goal("console, p99 of a refusal", p99[BUSY], "s")
    report.goal("console, requests without a valid answer", unexpected + sum(entry["failures"] for entry in answers.values()))
    report.keep("console", found)
