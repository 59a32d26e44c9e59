"""Makes the bill of materials and checks it against CycloneDX's schema and the program's packages.

    bill.py PAYOUT_WORKER
"""

import json
import subprocess
import sys

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from harness import ROOT


def make(worker):
    return subprocess.run([ROOT / "deploy/sbom", worker], check=True, stdout=subprocess.PIPE, text=True).stdout


def main():
    worker = sys.argv[1]
    text = make(worker)
    problems = []
    error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if error:
        problems.append(f"the schema refuses it: {error}")
    bom = json.loads(text)
    components = {component["name"]: component for component in bom["components"]}
    pins = json.loads((ROOT / "Package.resolved").read_text(encoding="utf-8"))["pins"]
    revisions = {p["value"] for c in components.values() for p in c["properties"] if p["name"] == "swift:revision"}
    for pin in pins:
        if pin["state"]["revision"] not in revisions:
            problems.append(f"{pin['identity']} is missing")
    for name in ("swift-runtime", "librdkafka1", "libssl3"):
        if name not in components:
            problems.append(f"{name} is missing")
    for component in bom["components"]:
        if component["purl"].startswith("pkg:swift/") and not component.get("licenses"):
            problems.append(f"{component['name']}: no licence was found")
    references = {component["bom-ref"] for component in bom["components"]}
    references.add(bom["metadata"]["component"]["bom-ref"])
    named = {d["ref"] for d in bom["dependencies"]} | {r for d in bom["dependencies"] for r in d["dependsOn"]}
    if named != references:
        problems.append(f"references without components: {named ^ references}")
    for problem in problems:
        print(problem, file=sys.stderr)
    print(f"{len(bom['components'])} components")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
