"""Checks a running sandbox against schemas/payout-api.openapi.yaml.

    python3 openapi_check.py http://127.0.0.1:PORT [--description FILE]

Needs openapi-spec-validator, jsonschema and PyYAML. The sandbox must know its default account and answer its control
paths; the faults that are on are replaced and switched off at the end, and what is in its journal stays. Exit status: 0
when every answer is as described, 1 when not.
"""

import argparse
import json
import pathlib
import re
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid

import jsonschema
import openapi_spec_validator
import yaml

DESCRIPTION = pathlib.Path(__file__).resolve().parents[2] / "schemas" / "payout-api.openapi.yaml"
TENANT = "7d1f2c3e-5a64-4b0e-9c58-2f0f1a6b7c8d"
CLIENT = "c0ffee00-1c6b-4a52-8d0f-6f3a9e1b2d4c"
SIGN_IN = {"grant_type": "password", "client_id": CLIENT, "username": "exports@contoso.example", "password": "sandbox-password"}
RESOURCE = {"resource": "https://api.partner.microsoft.com"}
SCOPE = {"scope": "https://api.partner.microsoft.com/.default offline_access"}


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        return json.loads(self.body)


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *arguments):
        return None


class Checker:
    """Sends requests, and compares each response with its operation."""

    def __init__(self, base_url, description):
        self.base_url = base_url.rstrip("/")
        self.description = description
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), NoRedirect)
        self.problems = []
        self.seen = set()
        self.token = ""

    def send(self, method, target, headers=None, form=None, data=None):
        url = target if target.startswith("http") else self.base_url + target
        if form is not None:
            data = urllib.parse.urlencode(form).encode()
        elif data is None and method == "POST":
            data = b""
        request = urllib.request.Request(url, data=data, headers=headers or {}, method=method)
        try:
            with self.opener.open(request, timeout=60) as response:
                return Answer(response.status, response.headers, response.read())
        except urllib.error.HTTPError as error:
            return Answer(error.code, error.headers, error.read())

    def call(self, method, target, expected, **rest):
        """Sends a request whose response must have the expected status and match the description."""
        answer = self.send(method, target, **rest)
        path = urllib.parse.urlsplit(target if target.startswith("http") else self.base_url + target).path
        if answer.status != expected:
            self.problem(method, path, answer, f"status {answer.status} instead of {expected}")
        self.compare(method, path, answer)
        return answer

    def api(self, method, target, expected, **headers):
        fields = {"Authorization": f"Bearer {self.token}", "Accept": "application/json"}
        fields.update({name.replace("_", "-"): value for name, value in headers.items()})
        return self.call(method, target, expected, headers=fields)

    def problem(self, method, path, answer, text):
        self.problems.append(f"{method} {path} -> {answer.status}: {text}")

    def operation(self, method, path):
        for template, item in self.description["paths"].items():
            pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template))
            if re.fullmatch(pattern, path) and method.lower() in item:
                return template, item[method.lower()]
        return None, None

    def resolve(self, node):
        while isinstance(node, dict) and "$ref" in node:
            target = self.description
            for part in node["$ref"].removeprefix("#/").split("/"):
                target = target[part]
            node = target
        return node

    def compare(self, method, path, answer):
        template, operation = self.operation(method, path)
        if operation is None:
            return self.problem(method, path, answer, "no such operation is described")
        responses = operation["responses"]
        key = str(answer.status)
        if key not in responses:
            key = f"{key[0]}XX"
        if key not in responses:
            return self.problem(method, path, answer, "this status is not described")
        self.seen.add((operation["operationId"], key))
        response = self.resolve(responses[key])
        self.compare_headers(method, path, answer, response)
        if not answer.body:
            # The description has a form without content if the body may be empty.
            return None
        media_type = answer.headers.get_content_type()
        content = response.get("content", {})
        if media_type not in content:
            return self.problem(method, path, answer, f"a body of type {media_type} is not described")
        if media_type == "application/json":
            self.compare_json(method, path, answer, content[media_type]["schema"])
        return None

    def compare_headers(self, method, path, answer, response):
        for name, header in response.get("headers", {}).items():
            header = self.resolve(header)
            value = answer.headers.get(name)
            if value is None:
                if header.get("required"):
                    self.problem(method, path, answer, f"the header {name} is missing")
                continue
            for error in self.errors(value, header["schema"]):
                self.problem(method, path, answer, f"header {name}: {error.message}")

    def compare_json(self, method, path, answer, schema):
        try:
            document = answer.json()
        except ValueError as error:
            return self.problem(method, path, answer, f"the body is no JSON: {error}")
        for error in self.errors(document, schema):
            self.problem(method, path, answer, f"{error.json_path}: {error.message}")
        return None

    def errors(self, value, schema):
        # References are resolved from the root, so the schema is merged with the components.
        root = {"components": self.description["components"], "allOf": [schema]}
        return jsonschema.Draft202012Validator(root).iter_errors(value)

    # Scenarios

    def faults(self, *faults):
        answer = self.send("PUT", "/_sandbox/faults", data=json.dumps(list(faults)).encode())
        if answer.status != 200:
            sys.exit(f"The faults could not be switched: {answer.status} {answer.body!r}")

    def sign_in(self):
        v1, v2 = f"/{TENANT}/oauth2/token", f"/{TENANT}/oauth2/v2.0/token"
        self.token = self.call("POST", v1, 200, form=SIGN_IN | RESOURCE).json()["access_token"]
        refresh = self.call("POST", v2, 200, form=SIGN_IN | SCOPE).json()["refresh_token"]
        self.call("POST", v2, 200, form={
            "grant_type": "refresh_token", "client_id": CLIENT, "refresh_token": refresh} | SCOPE)
        for path, audience in ((v1, RESOURCE), (v2, SCOPE)):
            self.call("POST", path, 400, form=SIGN_IN | audience | {"password": "wrong"})
            self.call("POST", path, 401, form=SIGN_IN | audience | {"client_secret": "wrong"})
            for code in (50076, 50079, 50053, 65001, 90002, 700016, 700082):
                self.faults({"kind": "signInError", "code": code, "count": 1})
                self.call("POST", path, 400, form=SIGN_IN | audience)
            self.faults({"kind": "signInError", "code": 7000218, "count": 1})
            self.call("POST", path, 401, form=SIGN_IN | audience)
            self.faults({"kind": "status", "status": 503, "calls": ["token"], "body": "html", "count": 1})
            self.call("POST", path, 503, form=SIGN_IN | audience)

    def exports(self, kind):
        path = f"/v1.0/payouts/{kind}"
        field = "payoutStatusUpdateTS" if kind == "payments" else "earningForDate"
        query = "?$filter=" + urllib.parse.quote(f"{field} ge 2023-03-01 and programName eq 'a''b'") + "&fileformat=tsv"
        ids = {"ms_requestid": str(uuid.uuid4()), "ms_correlationid": str(uuid.uuid4())}
        created = self.api("POST", path + query, 202, **ids).json()["value"][0]
        repeated = self.api("POST", path + query, 202, **ids).json()["value"][0]
        if created["requestId"] != repeated["requestId"]:
            self.problems.append("A repeated ms-requestid made a second export.")
        one = f"{path}/{created['requestId']}"
        done = self.completed(one)
        self.api("POST", path + "?$filter=a%20eq", 400)
        self.api("GET", f"{path}/{uuid.uuid4()}", 404)
        self.api("GET", f"{path}/no-guid", 400)
        for method, target, call in (("POST", path, "create"), ("GET", one, "get"), ("DELETE", one, "delete")):
            self.call(method, target, 401)
            for status in (400, 401, 403, 429, 500, 502, 503, 504) + ((404,) if call != "create" else ()):
                for body in ("nested", "flat", "empty", "html"):
                    self.faults({"kind": "status", "status": status, "calls": [call], "body": body, "count": 1})
                    self.api(method, target, status)
        for retry in ({"retryAfterSeconds": 3}, {"retryAfterDate": 3}):
            self.faults({"kind": "status", "status": 429, "calls": ["get"], "count": 1} | retry)
            self.api("GET", one, 429)
        for form in ("documented", "valueObject", "bareArray", "bareObject", "locationOnly"):
            self.faults({"kind": "envelope", "envelope": form, "calls": ["create"], "count": 1})
            self.api("POST", path, 202)
        self.faults({"kind": "statusText", "text": "Validating", "count": 1}, {"kind": "statusCase", "letterCase": "upper"})
        self.api("GET", one, 200)
        self.faults({"kind": "emptyBlobLocation", "count": 1})
        self.api("GET", one, 200)
        self.files(done["blobLocation"])
        self.faults()
        self.api("DELETE", one, 200)
        self.api("DELETE", one, 404)
        self.api("GET", one, 404)
        self.call("GET", done["blobLocation"], 404)

    def completed(self, path):
        """Polls an export until it is done, for some seconds."""
        deadline = time.monotonic() + 60
        while True:
            export = self.api("GET", path, 200).json()["value"][0]
            if export["status"] == "Completed" and export["blobLocation"]:
                return export
            if time.monotonic() > deadline:
                sys.exit(f"The export {path} was not done within a minute.")
            time.sleep(0.1)

    def files(self, url):
        whole = self.call("GET", url, 200)
        part = self.call("GET", url, 206, headers={"Range": "bytes=10-99", "If-Range": whole.headers["ETag"]})
        if part.body != whole.body[10:100]:
            self.problems.append("A range of a file holds other bytes than the file.")
        self.call("GET", url, 416, headers={"Range": "bytes=99999999999-"})
        self.call("GET", url, 400, headers={"Authorization": f"Bearer {self.token}"})
        self.call("GET", url.replace("sig=", "sig=A"), 403)

    def require_coverage(self):
        """Every success and every refusal of the service must have occurred."""
        wanted = {
            ("createExport", "202"), ("createExport", "400"), ("createExport", "401"), ("createExport", "429"),
            ("getExport", "200"), ("getExport", "404"), ("deleteExport", "200"), ("deleteExport", "404"),
            ("signInV1", "200"), ("signInV2", "200"), ("getFile", "200"), ("getFile", "206"), ("getFile", "403"),
        }
        for operation, status in sorted(wanted - self.seen):
            self.problems.append(f"{operation} was never answered with {status}.")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("base_url")
    parser.add_argument("--description", type=pathlib.Path, default=DESCRIPTION)
    arguments = parser.parse_args()
    description = yaml.safe_load(arguments.description.read_text(encoding="utf-8"))
    openapi_spec_validator.validate(description)
    checker = Checker(arguments.base_url, description)
    checker.faults()
    checker.sign_in()
    for kind in ("transactionhistory", "payments"):
        checker.exports(kind)
    checker.require_coverage()
    checker.faults()
    for problem in checker.problems:
        print(problem)
    print(f"{len(checker.seen)} kinds of answer seen, {len(checker.problems)} problems")
    return 1 if checker.problems else 0


if __name__ == "__main__":
    sys.exit(main())
