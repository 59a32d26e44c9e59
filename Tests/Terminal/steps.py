"""The commands that `terminal.py` runs, in their order, and what each must do."""

import dataclasses


@dataclasses.dataclass
class Step:
    name: str
    arguments: list
    status: int = 0
    input: str = ""
    # What its output must contain; it is run again until it does, because the worker works meanwhile.
    until: str = ""
    # What its output must contain at once.
    shows: str = ""
    # A name for a part of the output, which later arguments can use as {NAME}, and the expression that finds it.
    keeps: tuple = ()
    # Settings that differ from the worker's.
    settings: dict = dataclasses.field(default_factory=dict)


def step(name, command, *more, **options):
    return Step(name, [*command.split(), *more], **options)


def steps(folder, closed):
    payments = '{{"jobId": "{}", "kind": "payments"{}}}\n'
    later = ', "notBefore": "2099-01-01T00:00:00Z", "deadline": "2099-01-02T00:00:00Z"'
    accounts = ', "account": "unheard-of"'
    each = r"(?s)(later-\d+ .*){{{}}}"
    yield step("topics-create", "topics create --partitions 6")
    yield step("topics-check", "topics check")
    yield step("check-config", "check-config")
    yield step("check-config-wide", "check-config --wide")
    yield step("check-config-connect", "check-config --connect", until="ok: sign-in")
    yield step("enqueue", "enqueue --job-id payments-2026-10 --kind payments --month 2026-10 --wait")
    yield step("results-first", "results")
    yield step("jobs-list-first", "jobs list --status finished", until="payments-2026-10")
    yield step("enqueue-derived-id", "enqueue --kind payments --month 2026-10 --wait")
    yield step("enqueue-split", "enqueue --kind transactionHistory --from 2026-01-01 --to 2026-04-01 --split month --batch q1 --wait")
    yield step("enqueue-dry-run", "enqueue --kind payments --last 30d --dry-run")
    yield step("enqueue-later", "enqueue --quiet --file -", input="".join(payments.format(f"later-{n}", later) for n in range(12)))
    yield step("enqueue-refused", "enqueue --no-check --quiet --file -",
               input=payments.format("refused", accounts) + '{"jobId": "misspelt", "kind": "payment"}\n')
    yield step("jobs-list", "jobs list", until=each.format(12))
    yield step("jobs-list-finished", "jobs list --status finished", until="misspelt")
    yield step("jobs-list-wide", "jobs list --status finished --wide")
    yield step("jobs-show", "jobs show later-1")
    yield step("jobs-show-finished", "jobs show misspelt")
    yield step("jobs-show-unknown", "jobs show never", status=1)
    yield step("status", "status")
    yield step("status-wide", "status --wide")
    yield step("status-job", "status later-1")
    yield step("pause-preview", "pause --account default --for 2h", status=1)
    yield step("pause", "pause --account default --for 2h --reason", "new credentials", "--yes")
    yield step("status-paused", "status", until="new credentials")
    yield step("resume", "resume --account default")
    yield step("cancel", "cancel later-0 --wait")
    yield step("cancel-unknown", "cancel never", status=1)
    yield step("jobs-cancel-preview", "jobs cancel --status accepted", status=1)
    yield step("jobs-cancel", "jobs cancel --status accepted --yes")
    yield step("jobs-list-cancelled", "jobs list --status cancelled", until=each.format(12))
    yield step("jobs-retry-preview", "jobs retry --status cancelled", status=1)
    yield step("jobs-retry", "jobs retry later-1")
    yield step("results", "results")
    yield step("results-wide", "results --wide")
    yield step("results-since", "results --since 1h --status rejected")
    yield step("results-last", "results --last 3")
    yield step("dead-letters-list", "dead-letters list", keeps=("letter", r"(\d+/\d+)  misspelt"))
    yield step("dead-letters-list-wide", "dead-letters list --wide")
    yield step("dead-letters-show", "dead-letters show", "{letter}")
    yield step("dead-letters-replay-preview", "dead-letters replay --all --dry-run")
    yield step("dead-letters-replay", "dead-letters replay", "{letter}")
    yield step("export-create", "export create --kind payments --month 2026-10 --wait --out .")
    yield step("export-create-only", "export create --kind payments --month 2026-09", keeps=("request", r"([0-9a-f]{8}-[0-9a-f-]{27})"))
    yield step("export-get", "export get --kind payments", "{request}")
    yield step("export-download", "export download --kind payments", "{request}", "--wait", "--out", ".")
    yield step("export-delete", "export delete --kind payments", "{request}", status=0)
    yield step("topics-recover", "topics recover --all --from beginning --dry-run")
    yield step("demo", "demo --jobs 5 --files", f"{folder}/demo", settings={"HTTP_PORT": "0"})
    yield from failures(closed)


def failures(closed):
    """The commands where nothing listens at the address that they use: each must print its error alone."""
    kafka = {"KAFKA_BOOTSTRAP_SERVERS": closed}
    for command in ("topics create", "topics check", "topics recover --all --from end", "enqueue --kind payments --month 2026-10 --wait",
                    "jobs list", "jobs show a", "jobs cancel a", "jobs retry a", "cancel a", "pause --yes", "resume", "results",
                    "status", "status a", "dead-letters list", "dead-letters show 0/0", "dead-letters replay 0/0"):
        yield step(f"{command} without a broker", command, status=1, settings=kafka, shows="connection is refused")
    service = {"PAYOUT_API_BASE_URL": f"http://{closed}", "PAYOUT_API_AUTHORITY": f"http://{closed}"}
    for command in ("create --month 2026-10", "get a", "download a --out .", "delete a"):
        yield step(f"export {command} without a service", f"export {command} --kind payments", status=1, settings=service,
                   shows="did not answer")
    yield step("check-config without a broker", "check-config --connect", status=1, settings={**kafka, **service})
