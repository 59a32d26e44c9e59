"""From "Completed at the service" to "the event can be read"."""

import datetime

from fixture import Fixture, payments

INTERVAL = 1.0


def latency(binaries, report, rate, seconds):
    """Exports of two to eight seconds, polled once a second."""
    interval = f"{INTERVAL * 1000:.0f}ms"
    settings = {"WORKER_POLL_MIN_INTERVAL": interval, "WORKER_POLL_MAX_INTERVAL": interval}
    with Fixture(binaries, ("--speed", "demo"), settings=settings) as fixture:
        fixture.worker()
        results = fixture.read_results()
        fixture.run(payments(100, "warm"))
        fixture.run(payments(rate * seconds, "slow"), seconds)
        finished = {export["requestId"]: seconds_since_epoch(export["finished"]) for export in fixture.sandbox.journal()}
        delays = sorted(
            read - finished[seen["requestId"]] for name, [(_, seen, read), *_] in results.events.items()
            if name.startswith("slow"))
        calls = fixture.sandbox.answered() / len(results.events)
    p50, p99, longest = (delays[min(len(delays) - 1, int(len(delays) * share))] for share in (0.5, 0.99, 1))
    report.heading(f"From Completed at the service to the event, {len(delays):,} jobs at {rate} a second, polled every {INTERVAL:.0f} s")
    report.row("p50 / p99 / longest", f"{p50 * 1000:.0f} / {p99 * 1000:.0f} / {longest * 1000:.0f} ms")
    report.row("API requests a job", f"{calls:.1f}")
    report.goal("p99 less the poll interval", p99 - INTERVAL, "s")
    width, bins = 0.1, {}
    for delay in delays:
        bins[int(delay / width)] = bins.get(int(delay / width), 0) + 1
    for number in range(min(bins), max(bins) + 1):
        share = bins.get(number, 0) / len(delays)
        report.row(f"{number * width * 1000:5.0f} to {(number + 1) * width * 1000:5.0f} ms",
                   f"{bins.get(number, 0):6} {'#' * round(share * 200)}")
    report.keep("latency", {
        "p50": p50, "p99": p99, "longest": longest, "pollInterval": INTERVAL, "grace": report.limits["p99 less the poll interval"], "jobs": len(delays),
        "histogram": [{"from": number * width, "jobs": bins.get(number, 0)} for number in range(min(bins), max(bins) + 1)]})


def seconds_since_epoch(text):
    """A timestamp of the service, which has seven fractional digits, as seconds since the epoch."""
    whole, _, fraction = text.rstrip("Z").partition(".")
    base = datetime.datetime.fromisoformat(whole).replace(tzinfo=datetime.timezone.utc).timestamp()
    return base + float("0." + (fraction or "0"))
