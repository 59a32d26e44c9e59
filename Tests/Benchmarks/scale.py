"""What grows with what: the costs of the core as partitions, accounts and jobs become more, and their slopes. On one thread,
without bytes and I/O, so a fleet of any size fits on one machine."""

from throughput import bare

PARTITIONS = (1, 10, 100, 1_000, 10_000)
ACCOUNTS = (1, 10, 100)
# The partitions of the runs with several accounts.
FEW_PARTITIONS = 12
JOBS = 2_000


def scale(binaries, report, sizes):
    found = {"partitions": [engine(binaries, count, 1) for count in PARTITIONS],
             "accounts": [engine(binaries, FEW_PARTITIONS, count) for count in ACCOUNTS],
             "both": engine(binaries, PARTITIONS[-2], ACCOUNTS[-1]),
             "jobs": [bare(binaries, "restore", "engine", count) for count in sizes]}
    report.heading(f"What grows with the partitions of one worker ({JOBS:,} jobs, one account)")
    show(report, "partitions", found["partitions"])
    report.heading(f"What grows with the accounts ({FEW_PARTITIONS} partitions)")
    show(report, "accounts", found["accounts"])
    report.heading("Partitions and accounts together")
    show(report, "partitions", [found["both"]])
    report.heading("What grows with the jobs in flight (restored, 6 partitions)")
    for entry in found["jobs"]:
        report.row(f"{entry['jobs']:,} jobs", f"{entry['residentBytesPerJob']:.0f} bytes a job, "
                   f"{restore_seconds(entry) / entry['jobs'] * 1e6:.2f} µs of CPU to restore each, "
                   f"{restore_seconds(entry):.2f} s in all, {entry['microsecondsPerIdleTurn']:.2f} µs an idle turn")
    report.keep("scale", found)


def engine(binaries, partitions, accounts):
    return bare(binaries, "engine", JOBS, partitions, accounts)


def restore_seconds(entry):
    return entry["decodeCPUSeconds"] + entry["applyCPUSeconds"]


def show(report, name, entries):
    for entry in entries:
        report.row(f"{entry['partitions']:,} partitions, {entry['accounts']} accounts",
                   f"{entry['microsecondsPerJob']:.1f} µs a job, {event(entry):.2f} µs an event, "
                   f"{entry['microsecondsPerIdleTurn']:.2f} µs an idle turn, {entry['residentBytes'] / 2**20:.1f} MiB")
    if len(entries) > 1:
        first, last = entries[0], entries[-1]
        further = last[name] - first[name]
        report.row(f"slope, for each of the further {name}",
                   f"{(event(last) - event(first)) / further * 1000:.2f} ns an event, "
                   f"{(last['microsecondsPerIdleTurn'] - first['microsecondsPerIdleTurn']) / further * 1000:.2f} ns an idle turn, "
                   f"{(last['residentBytes'] - first['residentBytes']) / further / 1024:.1f} KiB")


def event(entry):
    return entry["microsecondsPerJob"] * entry["jobs"] / entry["events"]
