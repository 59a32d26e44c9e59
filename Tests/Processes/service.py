"""The sandbox of the payout API in a separate process, with the embedded broker unless there is a real one."""

import json
import shlex
import urllib.error
import urllib.parse
import urllib.request

from processes import Child, worker_environment

TIMEOUT = 60


class Sandbox(Child):
    """`payout-worker sandbox`, its settings for workers, its journal and its faults."""

    def __init__(self, binary, arguments=(), is_embedded=True, settings=None, log=None):
        command = [binary, "sandbox", *arguments] + ([] if is_embedded else ["--no-kafka"])
        super().__init__(command, worker_environment(settings or {}), log)
        last = "PAYOUT_API_BLOB_HOSTS"
        lines = self.read(lambda line: line.startswith("export " + last))
        pairs = [line[len("export "):].split("=", 1) for line in lines if line.startswith("export ")]
        self.settings = {name: "".join(shlex.split(value)) for name, value in pairs}
        self.url = self.settings["PAYOUT_API_BASE_URL"]

    def ask(self, method, path, document=None):
        """An answer of the service as JSON."""
        body = None if document is None else json.dumps(document).encode()
        request = urllib.request.Request(
            self.url + path, method=method, data=body, headers={"content-type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
                return json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            raise RuntimeError(f"{method} {path}: {error.code} {error.read().decode(errors='replace')}") from error

    def set_faults(self, faults):
        self.ask("PUT", "/_sandbox/faults", faults)

    def inject_broker_faults(self, faults):
        """Injects faults into the embedded broker: see `payout-worker sandbox --help`."""
        return self.ask("POST", "/_sandbox/broker", faults)

    def stats(self):
        return self.ask("GET", "/_sandbox/stats")

    def answered(self, calls=("create", "get", "delete")):
        """The number of answered API calls, without tokens."""
        answers = self.stats()["answers"]
        return sum(sum(answers.get(call, {}).values()) for call in calls)

    def journal(self):
        """One object for each export that exists or existed."""
        with urllib.request.urlopen(self.url + "/_sandbox/journal?format=jsonl", timeout=TIMEOUT) as answer:
            return [json.loads(line) for line in answer if line.strip()]

    def sign_in(self):
        """Signs in as a client and returns the token."""
        form = urllib.parse.urlencode({
            "grant_type": "password", "resource": "https://api.partner.microsoft.com",
            "client_id": self.settings["PAYOUT_API_CLIENT_ID"], "username": self.settings["PAYOUT_API_USERNAME"],
            "password": self.settings["PAYOUT_API_PASSWORD"]}).encode()
        url = f"{self.settings['PAYOUT_API_AUTHORITY']}/{self.settings['PAYOUT_API_TENANT_ID']}/oauth2/token"
        with urllib.request.urlopen(url, data=form, timeout=TIMEOUT) as answer:
            return json.load(answer)["access_token"]

    def file(self, kind, request_id, token):
        """The bytes of an export's file, fetched from the service."""
        path = {"transactionHistory": "transactionhistory", "payments": "payments"}[kind]
        request = urllib.request.Request(
            f"{self.url}/v1.0/payouts/{path}/{request_id}", headers={"Authorization": "Bearer " + token})
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
            location = json.load(answer)["value"][0]["blobLocation"]
        with urllib.request.urlopen(location, timeout=TIMEOUT) as answer:
            return answer.read()


def worker_status(port):
    """A worker's status; None when it does not answer within a second."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/status", timeout=1) as answer:
            return json.load(answer)
    except (OSError, ValueError):
        return None
