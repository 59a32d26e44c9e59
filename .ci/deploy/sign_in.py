"""Checks the examples of deploy/kafka: that `payout-worker check-config` accepts them, that the worker's librdkafka does
TLS with them (and refuses a certificate of another authority), and signs in as they say, at a listener on loopback.

    sign_in.py PAYOUT_WORKER

OAUTHBEARER with a token endpoint needs a librdkafka that was built with libcurl. Debian 12's was not: there the check
expects its refusal, and signs in with the librdkafka of the Python package confluent-kafka.
"""

import base64
import http.server
import json
import logging
import pathlib
import re
import subprocess
import sys
import threading
import time

from harness import ROOT, bare_environment, process, temporary, wait_for
from kafka_listener import Listener

SECRETS = "/run/secrets/payout-export-worker"
PASSWORD = "not-a-secret"


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


def authority(folder, name):
    key, certificate = folder / f"{name}.key", folder / f"{name}.crt"
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", 2, "-subj", f"/CN={name}", "-keyout", key,
            "-out", certificate)
    return key, certificate


def certificate(folder, name, issuer, subject, names=None):
    key, request, made = folder / f"{name}.key", folder / f"{name}.csr", folder / f"{name}.crt"
    openssl("req", "-new", "-newkey", "rsa:2048", "-nodes", "-subj", subject, "-keyout", key, "-out", request)
    extra = folder / f"{name}.ext"
    extra.write_text(f"subjectAltName={names}\n" if names else "basicConstraints=CA:FALSE\n")
    openssl("x509", "-req", "-in", request, "-CA", issuer[1], "-CAkey", issuer[0], "-days", 2, "-out", made,
            "-extfile", extra, "-CAcreateserial")
    return made, key


class TokenEndpoint(http.server.BaseHTTPRequestHandler):
    """Returns an unsigned token and keeps the request's parameters."""

    asked = []

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        TokenEndpoint.asked.append((self.headers.get("Authorization", ""), body))
        claims = {"sub": "payout-export-worker", "iat": int(time.time()), "exp": int(time.time()) + 600}
        parts = [json.dumps(part).encode() for part in ({"alg": "none"}, claims)]
        token = ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts) + ".none"
        answer = json.dumps({"access_token": token, "token_type": "Bearer", "expires_in": 600}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


class Check:
    def __init__(self, worker, folder):
        self.worker = worker
        self.folder = pathlib.Path(folder)
        self.ours = authority(self.folder, "ours")
        self.other = authority(self.folder, "other")
        self.server = certificate(self.folder, "server", self.ours, "/CN=localhost", "DNS:localhost,IP:127.0.0.1")
        self.client = certificate(self.folder, "client", self.ours, "/CN=payout-export-worker")
        for name, path in (("kafka-ca.crt", self.ours[1]), ("kafka-client.crt", self.client[0]),
                           ("kafka-client.key", self.client[1])):
            (self.folder / name).write_bytes(path.read_bytes())

    def variables(self, path, port):
        """The example's variables, with files and addresses of this machine; the secrets as files."""
        text = path.read_text().replace(SECRETS, str(self.folder))
        found = dict(line.split("=", 1) for line in text.splitlines() if line and not line.startswith("#"))
        for name, value in found.items():
            if name.endswith("_FILE"):
                pathlib.Path(value).write_text(PASSWORD + "\n")
        found["KAFKA_BOOTSTRAP_SERVERS"] = f"localhost:{port}"
        # The examples for services trust the system's authorities; this check trusts only its own.
        found.setdefault("KAFKA_CLIENT_SSL_CA_LOCATION", str(self.ours[1]))
        found["KAFKA_CLIENT_BROKER_ADDRESS_FAMILY"] = "v4"
        return found

    def environment(self, variables):
        return bare_environment(
            PAYOUT_API_TENANT_ID="t", PAYOUT_API_CLIENT_ID="c", PAYOUT_API_USERNAME="u", PAYOUT_API_PASSWORD="p",
            **variables,
        )

    def attempt(self, listener, variables, name, wanted):
        """Lets the worker connect until the listener has seen a matching attempt, and returns it."""
        environment = self.environment(variables)
        with process([self.worker, "topics", "check"], environment, self.folder, name):
            return wait_for(name, lambda: next((a for a in listener.attempts if wanted(a)), None))

    def accepted(self, path):
        environment = self.environment(self.variables(path, 1))
        result = subprocess.run([self.worker, "check-config"], env=environment, capture_output=True, text=True)
        if PASSWORD in result.stdout + result.stderr:
            sys.exit(f"{path.name}: check-config shows a secret")
        return result

    def run(self):
        for path in sorted((ROOT / "deploy/kafka").glob("*.env")):
            result = self.accepted(path)
            if "oidc" in path.read_text() and "OAuth/OIDC depends on libcurl" in result.stderr:
                self.oauthbearer(path)
                continue
            if result.returncode:
                sys.exit(f"{path.name}: check-config: {result.stderr}")
            self.sign_in(path)
            self.refusal(path)
            print(f"{path.name}: accepted; TLS verified; signs in")

    def sign_in(self, path):
        mutual = path.name == "tls.env"
        with Listener(*self.server, client_authority=self.ours[1] if mutual else None) as listener:
            variables = self.variables(path, listener.port)
            # A client asks a broker without authentication for its topics at once.
            attempt = self.attempt(
                listener, variables, path.stem + " signing in", lambda a: a.greeted if mutual else a.token
            )
        if mutual:
            subject = dict(part[0] for part in attempt.peer["subject"])
            if subject.get("commonName") != "payout-export-worker":
                sys.exit(f"{path.name}: the worker showed {subject}")
            return
        mechanism, user = variables["KAFKA_CLIENT_SASL_MECHANISM"], variables["KAFKA_CLIENT_SASL_USERNAME"]
        expected = f"\0{user}\0{PASSWORD}" if mechanism == "PLAIN" else f"n,,n={user},r="
        token = attempt.token.decode()
        if mechanism.split("-")[0].lower() not in path.name:
            sys.exit(f"{path.name}: is about {mechanism}")
        if attempt.mechanism != mechanism or not token.startswith(expected):
            sys.exit(f"{path.name}: signed in with {attempt.mechanism}, not as the example says")
        if mechanism != "PLAIN" and PASSWORD in token:
            sys.exit(f"{path.name}: the password crosses the network")

    def refusal(self, path):
        """A broker with a certificate of another authority gets no request, and so no password."""
        stranger = certificate(self.folder, "stranger", self.other, "/CN=localhost", "DNS:localhost,IP:127.0.0.1")
        with Listener(*stranger) as listener:
            variables = self.variables(path, listener.port)
            self.attempt(listener, variables, path.stem + " refusing a stranger", lambda a: a.error and not a.tls)
            if any(a.greeted or a.token for a in listener.attempts):
                sys.exit(f"{path.name}: talks to a broker that it cannot trust")

    def oauthbearer(self, path):
        import confluent_kafka

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), TokenEndpoint)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        TokenEndpoint.asked.clear()
        with Listener(*self.server) as listener:
            variables = self.variables(path, listener.port)
            scope = variables["KAFKA_CLIENT_SASL_OAUTHBEARER_SCOPE"]
            variables["KAFKA_CLIENT_SASL_OAUTHBEARER_TOKEN_ENDPOINT_URL"] = f"http://127.0.0.1:{server.server_port}/token"
            properties = {}
            for name, value in variables.items():
                match = re.fullmatch(r"KAFKA_CLIENT_(.*?)(_FILE)?", name)
                if match:
                    value = pathlib.Path(value).read_text().strip() if match[2] else value
                    properties[match[1].lower().replace("_", ".")] = value
            properties["bootstrap.servers"] = variables["KAFKA_BOOTSTRAP_SERVERS"]
            quiet = logging.getLogger("sign-in")
            quiet.disabled = True
            client = confluent_kafka.Consumer({**properties, "group.id": "sign-in"}, logger=quiet)
            try:
                def seen():
                    client.poll(0.05)
                    return next((a for a in listener.attempts if a.token or a.error), None)

                attempt = wait_for(f"{path.name}: a sign-in", seen)
            finally:
                client.close()
        server.shutdown()
        authorization, body = TokenEndpoint.asked[0]
        if "grant_type=client_credentials" not in body or scope.split("/")[-1] not in body:
            sys.exit(f"{path.name}: the token was asked for with {body}")
        if not authorization.startswith("Basic "):
            sys.exit(f"{path.name}: the client did not prove who it is")
        token = (attempt.token or b"").decode()
        if attempt.mechanism != "OAUTHBEARER" or "auth=Bearer " not in token:
            sys.exit(f"{path.name}: signed in with {attempt.mechanism}: {attempt.error}")
        for pair in variables.get("KAFKA_CLIENT_SASL_OAUTHBEARER_EXTENSIONS", "").split(","):
            if pair not in token:
                sys.exit(f"{path.name}: the extension {pair} is not sent")
        print(f"{path.name}: refused by this librdkafka, which has no OIDC; signs in with "
              f"{confluent_kafka.libversion()[0]}")


def main():
    with temporary() as folder:
        Check(sys.argv[1], folder).run()


if __name__ == "__main__":
    main()
