#!/usr/bin/env python3
"""Checks that the schemas, the AsyncAPI document, the golden samples and the examples in the guides agree.

Needs jsonschema, rfc3339-validator and PyYAML. Takes no arguments; prints the problems and exits with 1 if there are any.
"""

import json
import pathlib
import re
import sys

import jsonschema
import yaml

ROOT = pathlib.Path(__file__).resolve().parent
ERROR_CODES = {
    "invalidJob", "apiRejected", "exportFailed", "exportNotFound", "deadlineExceeded", "downloadFailed",
    "unknownAccount", "unknownJob", "conflictingJob", "tooLarge",
}
JOB_STATUSES = {"completed", "failed", "cancelled"}
TOPICS = {"payout.export.jobs", "payout.export.results", "payout.export.state", "payout.export.dead-letter"}


class Report:
    """Counts checks and collects problems."""

    def __init__(self):
        self.checks = 0
        self.problems = []

    def expect(self, condition, problem):
        self.checks += 1
        if not condition:
            self.problems.append(problem)


def load(path):
    return json.loads(path.read_text(encoding="utf-8"))


def validator(name):
    schema = load(ROOT / name)
    jsonschema.Draft202012Validator.check_schema(schema)
    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
    if "date-time" not in checker.checkers:
        sys.exit("dates cannot be checked: pip install rfc3339-validator")
    return jsonschema.Draft202012Validator(schema, format_checker=checker)


def samples(folder):
    found = sorted((ROOT / "golden" / folder).glob("*.json"))
    if not found:
        sys.exit(f"there are no samples in golden/{folder}")
    return found


def check_jobs(report):
    jobs = validator("job.schema.json")
    for example in jobs.schema["examples"]:
        report.expect(jobs.is_valid(example), f"job.schema.json: its example {example} is not valid")
    for path in samples("jobs/valid"):
        for error in jobs.iter_errors(load(path)):
            report.expect(False, f"{path.name} should be valid: {error.json_path}: {error.message[:200]}")
        report.expect(True, "")
    for path in samples("jobs/invalid"):
        sample = load(path)
        refused = not jobs.is_valid(sample["value"])
        report.expect(refused == sample["schemaCanTell"], f"{path.name}: the schema {'refuses' if refused else 'accepts'} it")
        if refused and sample["fields"]:
            named = fields(jobs.iter_errors(sample["value"]))
            # If the schema cannot name the same fields as the worker, the sample lists the schema's.
            wanted = set(sample.get("schemaFields", sample["fields"]))
            report.expect(named == wanted, f"{path.name}: the schema names {sorted(named)}, not {sorted(wanted)}")


def fields(errors):
    """The top-level fields that validation errors are about."""
    named = set()
    for error in errors:
        if error.validator == "required":
            named |= {name for name in error.validator_value if name not in error.instance}
        else:
            named |= set(list(error.absolute_path)[:1])
    return named


def check_events(report):
    events = validator("completion-event.schema.json")
    codes = set(events.schema["$defs"]["error"]["properties"]["code"]["enum"])
    report.expect(codes == ERROR_CODES, f"completion-event.schema.json: error codes {codes ^ ERROR_CODES} differ")
    statuses = set()
    for path in samples("events"):
        event = load(path)
        statuses.add(event["status"])
        for error in events.iter_errors(event):
            report.expect(False, f"{path.name} should be valid: {error.json_path}: {error.message[:200]}")
        for name in events.schema["required"]:
            part = {key: value for key, value in event.items() if key != name}
            report.expect(not events.is_valid(part), f"{path.name} without {name} should not be valid")
        broken = {**event, "status": "done"}
        report.expect(not events.is_valid(broken), f"{path.name} with an unknown status should not be valid")
    report.expect(len(statuses) == 4, f"golden/events shows only {sorted(statuses)}")


def check_batch_events(report):
    events = validator("batch-event.schema.json")
    statuses = set()
    for path in samples("batch-events"):
        event = load(path)
        statuses.add(event["status"])
        for error in events.iter_errors(event):
            report.expect(False, f"{path.name} should be valid: {error.json_path}: {error.message[:200]}")
        for name in events.schema["required"]:
            part = {key: value for key, value in event.items() if key != name}
            report.expect(not events.is_valid(part), f"{path.name} without {name} should not be valid")
        counted = sum(event["counts"].values())
        report.expect(counted == event["size"], f"{path.name} counts {counted} of {event['size']} jobs")
        if "jobs" not in event.get("omitted", []):
            for status in [*JOB_STATUSES, "open"]:
                listed = sum(job["status"] == status for job in event["jobs"])
                report.expect(event["counts"][status] == listed, f"{path.name}: the count of {status} jobs is wrong")
    report.expect(len(statuses) == 3, f"golden/batch-events shows only {sorted(statuses)}")


def check_states(report):
    for version in ("v1", "v2", "v3"):
        check_states_of(report, f"state/{version}")


def check_states_of(report, folder):
    for path in samples(folder):
        sample = load(path)
        binary = path.with_suffix(".bin")
        report.expect(
            binary.exists() == (sample["value"] is not None), f"{path.name} and {binary.name} do not go together"
        )
    described = {path.stem for path in samples(folder)}
    for path in (ROOT / "golden" / folder).glob("*.bin"):
        report.expect(path.stem in described, f"{path.name} has no description")


def check_asyncapi(report):
    document = yaml.safe_load((ROOT / "asyncapi.yaml").read_text(encoding="utf-8"))
    report.expect(str(document.get("asyncapi", "")).startswith("3.0"), "asyncapi.yaml: not AsyncAPI 3.0")
    for part in ("info", "channels", "operations", "components"):
        report.expect(part in document, f"asyncapi.yaml: {part} is missing")
    topics = {channel["address"] for channel in document["channels"].values()}
    report.expect(topics == TOPICS, f"asyncapi.yaml: topics {topics ^ TOPICS} differ")
    for name, channel in document["channels"].items():
        kafka = channel["bindings"]["kafka"]
        report.expect(kafka["topic"] == channel["address"], f"asyncapi.yaml: {name} names two topics")
    for name, operation in document["operations"].items():
        report.expect(operation["action"] in ("send", "receive"), f"asyncapi.yaml: {name} has no action")
    references = list(walk(document))
    report.expect(len(references) > 10, "asyncapi.yaml: has hardly any references")
    for reference in references:
        report.expect(resolves(document, reference), f"asyncapi.yaml: {reference} does not resolve")
    check_inline_schemas(report, document)


def check_inline_schemas(report, document):
    schemas = dict(document["components"]["schemas"])
    for name, message in document["components"]["messages"].items():
        for part in ("headers", "payload"):
            if part in message:
                schemas[f"{name}.{part}"] = message[part]
    for name, schema in schemas.items():
        try:
            jsonschema.Draft202012Validator.check_schema(schema)
            report.expect(True, "")
        except jsonschema.SchemaError as error:
            report.expect(False, f"asyncapi.yaml: the schema {name} is broken: {error.message}")


def walk(node):
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from walk(value)
    elif isinstance(node, list):
        for value in node:
            yield from walk(value)


def resolves(document, reference):
    file, _, pointer = reference.partition("#")
    node = document
    if file:
        path = (ROOT / file).resolve()
        if path.parent != ROOT or not path.exists():
            return False
        node = load(path)
    for token in pointer.split("/")[1:]:
        token = token.replace("~1", "/").replace("~0", "~")
        if not isinstance(node, dict) or token not in node:
            return False
        node = node[token]
    return True


def documents_in_pages():
    """The JSON documents in the README and the guides, each with its page."""
    pages = [ROOT.parent / "README.md", *sorted((ROOT.parent / "Sources/payout-worker/payout-worker.docc").rglob("*.md"))]
    for page in pages:
        for block in re.findall(r"^```json\n(.*?)^```", page.read_text(encoding="utf-8"), re.S | re.M):
            yield page.name, json.loads(block)


def check_pages(report):
    """Jobs in the pages are valid. Events there are shortened, so only their names are checked."""
    jobs, events = validator("job.schema.json"), validator("completion-event.schema.json")
    known = set(events.schema["properties"]), set(events.schema["$defs"]["file"]["properties"])
    seen = 0
    for page, document in documents_in_pages():
        seen += 1
        if "status" in document:
            named = set(document), {name for file in document["files"] for name in file}
            for unknown in (named[0] - known[0], named[1] - known[1]):
                report.expect(not unknown, f"{page}: an event has no {sorted(unknown)}")
        else:
            for error in jobs.iter_errors(document):
                report.expect(False, f"{page}: a job is not valid: {error.json_path}: {error.message[:200]}")
            definitions = jobs.schema["$defs"]
            commands = definitions["control"]["properties"], definitions["control"]["then"]["properties"]
            fields_of_jobs = {"jobId", "action", *definitions["export"]["properties"]}.union(*commands)
            report.expect(set(document) <= fields_of_jobs, f"{page}: a job has unknown fields")
    report.expect(seen >= 3, f"the pages have only {seen} JSON documents")


def main():
    report = Report()
    check_pages(report)
    check_jobs(report)
    check_events(report)
    check_batch_events(report)
    check_states(report)
    check_asyncapi(report)
    for problem in report.problems:
        print(problem, file=sys.stderr)
    print(f"{report.checks} checks, {len(report.problems)} problems")
    return 1 if report.problems else 0


if __name__ == "__main__":
    sys.exit(main())
