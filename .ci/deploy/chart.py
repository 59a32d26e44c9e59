"""Checks what the chart renders, with default and other values, and which values it refuses.

Kubernetes' own objects go through kubernetes-validate, KEDA's and the Prometheus operator's through the models that the
packages cloudcoil-models-… contain. Strimzi's are checked here against the worker's needs.
"""

import json
import re
import subprocess
import sys
import tempfile

import yaml

from harness import ROOT

CHART = ROOT / "deploy/helm/payout-export-worker"
PARTITIONS = 12
KEDA = {"enabled": True, "kafkaAuthentication": "kafka"}
EVERYTHING = {
    "keda": KEDA,
    "strimzi": {"enabled": True},
    "serviceMonitor": {"enabled": True, "labels": {"release": "prometheus"}},
    "prometheusRule": {"enabled": True, "failedJobs": 3, "runbookUrl": "https://git.example.com/worker/blob/main/deploy/runbook.md"},
    "dashboard": {"enabled": True},
    "configuration": "accounts:\n  apac: {username: apac@example.com, password_file: /run/secrets/apac}\n",
    "files": {"claim": "exports"},
    "imagePullSecrets": ["registry"],
    "image": {"digest": "sha256:" + "0" * 64},
    "serviceAccount": {"annotations": {"eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/worker"}},
    "extraVolumes": [{"name": "more", "emptyDir": {}}],
    "extraVolumeMounts": [{"name": "more", "mountPath": "/more"}],
    "extraEnv": [{"name": "LOG_LEVEL", "value": "debug"}],
    "tolerations": [{"operator": "Exists"}],
    "nodeSelector": {"kubernetes.io/os": "linux"},
    "affinity": {"nodeAffinity": {}},
    "priorityClassName": "high",
    "podAnnotations": {"a": "b"},
    "podLabels": {"c": "d"},
    "networkPolicy": {
        "kafkaTo": [{"ipBlock": {"cidr": "10.1.0.0/16"}}],
        "extraEgress": [{"to": [{"ipBlock": {"cidr": "10.2.0.0/16"}}], "ports": [{"port": 9000, "protocol": "TCP"}]}],
    },
}
DEPLOYMENT = {"workload": {"kind": "Deployment", "replicas": 3}, "secrets": {"name": ""}, "fullnameOverride": "exports"}
BARE = {
    "podDisruptionBudget": {"enabled": False}, "networkPolicy": {"enabled": False}, "topologySpread": {"enabled": False},
    "serviceAccount": {"create": False}, "staticMembership": {"enabled": False},
    "prometheusRule": {"enabled": True}, "dashboard": {"enabled": True},
}
REFUSED = {
    "a value that does not exist": {"replicaCount": 3},
    "more workers than partitions": {"workload": {"replicas": PARTITIONS + 1}},
    "scaling beyond the partitions": {"keda": KEDA | {"maxReplicas": PARTITIONS + 1}},
    "a range upside down": {"keda": KEDA | {"minReplicas": 5, "maxReplicas": 4}},
    "scaling with SASL and without credentials": {"keda": {"enabled": True}},
    "scaling with a mechanism that KEDA does not know": {
        "keda": KEDA, "settings": {"KAFKA_CLIENT_SASL_MECHANISM": "GSSAPI"},
    },
    "killing before the shutdown is over": {"terminationGracePeriodSeconds": 25},
    "a secret among the settings": {"settings": {"PAYOUT_API_PASSWORD": "x"}},
    "a client's secret among the settings": {"settings": {"KAFKA_CLIENT_SASL_PASSWORD": "x"}},
    "an unknown variable": {"settings": {"PATH": "/"}},
    "a number as a setting": {"settings": {"PAYOUT_API_REQUESTS_PER_SECOND": 20}},
    "a name for all workers": {"settings": {"WORKER_ID": "one"}},
    "the tag latest": {"image": {"tag": "latest"}},
    "a digest that is none": {"image": {"digest": "sha256:abc"}},
    "no broker": {"settings": {"KAFKA_BOOTSTRAP_SERVERS": None}},
    "a kind that keeps nothing": {"workload": {"kind": "DaemonSet"}},
}


def render(values):
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        yaml.safe_dump(values, file)
        file.flush()
        result = subprocess.run(
            ["helm", "template", "payout-export-worker", CHART, "--namespace", "payout-export", "-f", file.name],
            capture_output=True, text=True,
        )
    if result.returncode:
        raise ValueError(result.stderr)
    return [document for document in yaml.safe_load_all(result.stdout) if document]


def dropped(given, understood, path=""):
    """Keys that a model does not know: the models ignore them."""
    if isinstance(given, dict) and isinstance(understood, dict):
        for key, value in given.items():
            if key not in understood:
                yield f"{path}.{key}"
            else:
                yield from dropped(value, understood[key], f"{path}.{key}")
    elif isinstance(given, list) and isinstance(understood, list):
        for index, (one, other) in enumerate(zip(given, understood)):
            yield from dropped(one, other, f"{path}[{index}]")


def check_foreign(document):
    from cloudcoil.models.keda import v1alpha1 as keda
    from cloudcoil.models.prometheus_operator import v1 as operator

    model = getattr(keda if document["apiVersion"].startswith("keda.sh/") else operator, document["kind"])
    understood = model.model_validate(document).model_dump(by_alias=True, exclude_unset=True, mode="json")
    return [f"{document['kind']}: {path} is unknown" for path in dropped(document, understood)]


def check_kubernetes(documents):
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        yaml.safe_dump_all(documents, file)
        file.flush()
        for version in (["-k", "1.27"], []):
            result = subprocess.run(
                ["kubernetes-validate", "--strict", "--quiet", *version, file.name], capture_output=True, text=True
            )
            if result.returncode:
                yield f"kubernetes-validate {' '.join(version)}: {result.stdout}{result.stderr}"


def check_pod(workload, values):
    """Kubernetes' restricted pod security standard, and what a worker needs."""
    pod = workload["spec"]["template"]["spec"]
    container = pod["containers"][0]
    security, own = pod["securityContext"], container["securityContext"]
    if not security["runAsNonRoot"] or security["seccompProfile"] != {"type": "RuntimeDefault"}:
        yield "the pod may run as root or without seccomp"
    if own["allowPrivilegeEscalation"] or own["capabilities"] != {"drop": ["ALL"]} or not own["readOnlyRootFilesystem"]:
        yield "the container has rights that it does not need"
    if pod["automountServiceAccountToken"]:
        yield "the pod gets Kubernetes' token"
    if "cpu" in container["resources"]["limits"] or "memory" not in container["resources"]["limits"]:
        yield "a limit of CPU, or none of memory"
    if {container[p]["httpGet"]["path"] for p in ("startupProbe", "livenessProbe")} != {"/livez"}:
        yield "liveness is not /livez"
    if container["readinessProbe"]["httpGet"]["path"] != "/readyz":
        yield "readiness is not /readyz"
    mounts = {m["name"] for m in container["volumeMounts"]}
    claims = workload["spec"].get("volumeClaimTemplates", [])
    if mounts != {v["name"] for v in pod["volumes"]} | {c["metadata"]["name"] for c in claims}:
        yield f"mounts {sorted(mounts)} and volumes differ"
    environment = {e["name"]: e for e in container.get("env", [])}
    static = workload["kind"] == "StatefulSet" and values.get("staticMembership", {}).get("enabled", True)
    # A WORKER_ID makes a static member: when its name does not return, its partitions wait for the session time-out.
    if static and environment["WORKER_ID"]["valueFrom"]["fieldRef"]["fieldPath"] != "metadata.name":
        yield "the worker's name is not the pod's"
    if not static and "WORKER_ID" in environment:
        yield "pods without lasting names are static members"


# What KEDA's pages list for the two scalers; the object's schema takes anything there.
TRIGGERS = {
    "kafka": {"bootstrapServers", "consumerGroup", "topic", "lagThreshold", "offsetResetPolicy", "excludePersistentLag",
              "limitToPartitionsWithLag", "tls", "sasl"},
    "prometheus": {"serverAddress", "query", "threshold", "ignoreNullValues"},
}


def check_selectors(documents):
    workload = next(d for d in documents if d["kind"] in ("StatefulSet", "Deployment"))
    labels = workload["spec"]["template"]["metadata"]["labels"]
    service = next(d for d in documents if d["kind"] == "Service")
    selectors = [
        (d["kind"], d["spec"].get("selector") or d["spec"].get("podSelector"))
        for d in documents
        if d["kind"] in ("Service", "PodDisruptionBudget", "NetworkPolicy", "StatefulSet", "Deployment")
    ]
    selectors += [("spread", c["labelSelector"])
                  for c in workload["spec"]["template"]["spec"].get("topologySpreadConstraints", [])]
    for kind, selector in selectors:
        if not (selector.get("matchLabels") or selector).items() <= labels.items():
            yield f"{kind} does not select the workers"
    for monitor in (d for d in documents if d["kind"] == "ServiceMonitor"):
        if not monitor["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items():
            yield "the ServiceMonitor does not select the service"
    if workload["kind"] == "StatefulSet" and workload["spec"]["serviceName"] != service["metadata"]["name"]:
        yield "the StatefulSet's service is another"
    for scaled in (d for d in documents if d["kind"] == "ScaledObject"):
        target = scaled["spec"]["scaleTargetRef"]
        if (target["kind"], target["name"]) != (workload["kind"], workload["metadata"]["name"]):
            yield "KEDA scales something else"
        if scaled["spec"]["maxReplicaCount"] > PARTITIONS or "replicas" in workload["spec"]:
            yield "KEDA scales beyond the partitions, or against a fixed number"
        triggers = {t["type"]: t["metadata"] for t in scaled["spec"]["triggers"]}
        for kind, metadata in triggers.items():
            if not set(metadata) <= TRIGGERS.get(kind, set()):
                yield f"KEDA's trigger {kind} does not know {sorted(set(metadata) - TRIGGERS.get(kind, set()))}"
        if set(triggers) != {"kafka", "prometheus"} or "payout_export_open_jobs" not in triggers["prometheus"]["query"]:
            yield "KEDA does not look at the lag and at the open jobs"
        if (triggers["kafka"]["tls"], triggers["kafka"]["sasl"]) != ("enable", "scram_sha512"):
            yield "KEDA does not connect to the brokers as the workers do"


def rights(documents):
    """Principal, kind of resource, name, kind of pattern and operation, as Strimzi's users have them."""
    for user in (d for d in documents if d["kind"] == "KafkaUser"):
        for acl in user["spec"]["authorization"]["acls"]:
            resource = acl["resource"]
            for operation in acl["operations"]:
                yield (user["metadata"]["name"], resource["type"].lower(), resource["name"],
                       resource["patternType"], operation)


def rights_of_script():
    result = subprocess.run(
        [ROOT / "deploy/kafka/acls", "localhost:9092"], capture_output=True, text=True, check=True,
        env={"DRY_RUN": "1", "OPERATOR": "", "PATH": "/usr/bin:/bin"},
    )
    for line in result.stdout.splitlines():
        principal, kind, name = re.search(r"--allow-principal User:(\S+) --(\S+) (\S+)", line).groups()
        pattern = "prefix" if "--resource-pattern-type prefixed" in line else "literal"
        for operation in re.findall(r"--operation (\S+)", line):
            yield principal, kind.replace("-", ""), name, pattern, operation


def check_strimzi(documents):
    topics = {d["metadata"]["name"]: d["spec"] for d in documents if d["kind"] == "KafkaTopic"}
    if len(topics) != 4 or {t["partitions"] for t in topics.values()} != {PARTITIONS}:
        yield f"topics {sorted(topics)} with other partitions than {PARTITIONS}"
    for name, topic in topics.items():
        policy = topic["config"]["cleanup.policy"]
        if policy != ("compact" if name.endswith(".state") else "delete"):
            yield f"{name} has cleanup.policy={policy}"
        if topic["config"]["min.insync.replicas"] != topic["replicas"] - 1:
            yield f"{name} does not keep two copies in sync"
    from_users, from_script = set(rights(documents)), set(rights_of_script())
    if from_users != from_script:
        yield f"Strimzi's users and deploy/kafka/acls differ: {from_users ^ from_script}"


def check_schema():
    """Every value is in values.yaml and in the schema, and the schema describes it."""
    schema = json.loads((CHART / "values.schema.json").read_text())
    values = yaml.safe_load((CHART / "values.yaml").read_text())

    def walk(node, value, path):
        for name, child in node.get("properties", {}).items():
            where = f"{path}{name}"
            if not child.get("description"):
                yield f"the schema does not say what {where} is"
            if name not in value and where != "global":
                yield f"values.yaml has no {where}"
            elif "properties" in child and where not in ("global", "resources"):
                yield from walk(child, value[name], where + ".")
        if node.get("additionalProperties") is not False:
            yield f"the schema lets anything into {path or 'the values'}"

    yield from walk(schema, values, "")
    if values["topics"]["partitions"] != PARTITIONS:
        yield "topics.partitions has another default"


def check(values):
    documents = render(values)
    foreign = [d for d in documents if re.match(r"keda\.sh|monitoring\.coreos\.com", d["apiVersion"])]
    strimzi = [d for d in documents if d["apiVersion"].startswith("kafka.strimzi.io")]
    yield from check_kubernetes([d for d in documents if d not in foreign and d not in strimzi])
    for document in foreign:
        yield from check_foreign(document)
    if strimzi:
        yield from check_strimzi(strimzi)
    yield from check_selectors(documents)
    workload = next(d for d in documents if d["kind"] in ("StatefulSet", "Deployment"))
    yield from check_pod(workload, values)
    url = values.get("prometheusRule", {}).get("runbookUrl")
    for rule in (d for d in documents if d["kind"] == "PrometheusRule"):
        for alert in (r for group in rule["spec"]["groups"] for r in group["rules"]):
            if url and not alert["annotations"].get("runbook_url", "").startswith(url + "#"):
                yield f"{alert['alert']} does not link to the runbook"


def main():
    problems = list(check_schema())
    variants = {"the defaults": {}, "everything": EVERYTHING, "a Deployment": DEPLOYMENT, "the least": BARE}
    for name, values in variants.items():
        problems += [f"{name}: {problem}" for problem in check(values)]
    for name, values in REFUSED.items():
        try:
            render(values)
            problems.append(f"the chart accepts {name}")
        except ValueError:
            pass
    for problem in problems:
        print(problem, file=sys.stderr)
    print(f"{len(variants)} sets of values, {len(REFUSED)} refusals")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
