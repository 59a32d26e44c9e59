"""Checks the dashboard, and that alerts, their tests and the runbook match.

promtool, if installed, parses the dashboard's expressions as the rules of a file.
"""

import json
import pathlib
import re
import shutil
import subprocess
import sys

import yaml

from harness import ROOT, temporary
from names import METRIC, is_shown, metrics

DASHBOARD = ROOT / "deploy/grafana/dashboard.json"
RUNBOOK = ROOT / "deploy/runbook.md"
OTHERS = re.compile(r"\b(?:process|http_client)_[a-z0-9_]+\b")


def panels(dashboard):
    for panel in dashboard["panels"]:
        yield panel
        yield from panel.get("panels", [])


def check_panel(panel, shown):
    title = panel.get("title") or f"panel {panel['id']}"
    if panel["type"] == "row":
        return
    if not panel.get("title") or not panel.get("description"):
        yield f"{title}: no title or no description"
    if not panel["fieldConfig"]["defaults"].get("unit"):
        yield f"{title}: no unit"
    if not panel.get("targets"):
        yield f"{title}: shows nothing"
    for target in panel.get("targets", []):
        expression = target["expr"]
        names = METRIC.findall(expression) + OTHERS.findall(expression)
        if not names:
            yield f"{title}: no metric in {expression}"
        for name in names:
            if not is_shown(name, shown):
                yield f"{title}: {name} is no metric"
        if names and expression.count('job=~"$job"') < len(names):
            yield f"{title}: does not choose the fleet: {expression}"


def overlaps(dashboard):
    cells = {}
    for panel in panels(dashboard):
        place = panel["gridPos"]
        if place["x"] + place["w"] > 24:
            yield f"{panel['title']} is wider than the page"
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                if (x, y) in cells:
                    yield f"{panel['title']} lies on {cells[x, y]}"
                    return
                cells[x, y] = panel["title"]


def parse_expressions(dashboard, folder):
    expressions = [t["expr"] for p in panels(dashboard) for t in p.get("targets", [])]
    rules = [
        {"record": f"panel:{index}", "expr": e.replace("$__rate_interval", "5m").replace("$job", ".*")}
        for index, e in enumerate(expressions)
    ]
    file = pathlib.Path(folder, "rules.yaml")
    file.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}))
    result = subprocess.run(["promtool", "check", "rules", file], capture_output=True, text=True)
    return [] if result.returncode == 0 else [f"expressions: {result.stdout}{result.stderr}"]


def alerts():
    document = yaml.safe_load((ROOT / "deploy/prometheus/alerts.yaml").read_text())
    return [rule for group in document["groups"] for rule in group["rules"]]


def tested():
    """For each alert, whether a test expects it to fire and another expects it not to fire."""
    outcomes = {}
    document = yaml.safe_load((ROOT / "deploy/prometheus/alerts.test.yaml").read_text())
    for test in document["tests"]:
        for case in test.get("alert_rule_test", []):
            outcomes.setdefault(case["alertname"], set()).add(bool(case["exp_alerts"]))
        for case in test.get("promql_expr_test", []):
            name = re.search(r'alertname="(\w+)"', case["expr"]).group(1)
            outcomes.setdefault(name, set()).add(bool(case["exp_samples"]))
    return outcomes


def sections():
    """The runbook's sections by heading, each with the headings in it."""
    found, current = {}, None
    for line in RUNBOOK.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            current = found.setdefault(line[3:].strip(), [])
        elif line.startswith("**") and current is not None:
            current.append(line.split("**")[1])
    return found


def check_alerts():
    outcomes, runbook = tested(), sections()
    for alert in alerts():
        name, annotations = alert["alert"], alert["annotations"]
        if alert["labels"].get("severity") not in ("critical", "warning"):
            yield f"{name}: no severity"
        if not annotations.get("summary") or not annotations.get("description"):
            yield f"{name}: no summary or no description"
        if annotations.get("runbook") != f"deploy/runbook.md#{name.lower()}":
            yield f"{name}: does not name its section of the runbook"
        if runbook.get(name, [])[:2] != ["What it means.", "What to do."]:
            yield f"{name}: the runbook does not say what it means and what to do"
        if outcomes.get(name) != {True, False}:
            yield f"{name}: is not tested both to fire and to stay quiet"
    for name in set(outcomes) - {a["alert"] for a in alerts()}:
        yield f"{name}: tested, and not there"


def main():
    dashboard, shown = json.loads(DASHBOARD.read_text(encoding="utf-8")), metrics()
    problems = [problem for panel in panels(dashboard) for problem in check_panel(panel, shown)]
    problems += overlaps(dashboard)
    ids = [panel["id"] for panel in panels(dashboard)]
    if len(ids) != len(set(ids)):
        problems.append("two panels have one id")
    with temporary() as folder:
        if shutil.which("promtool"):
            problems += parse_expressions(dashboard, folder)
    problems += check_alerts()
    for problem in problems:
        print(problem, file=sys.stderr)
    print(f"{len(ids)} panels, {len(alerts())} alerts")
    return 1 if problems or len(ids) < 20 else 0


if __name__ == "__main__":
    sys.exit(main())
