#!/usr/bin/env python3
"""Downloads a large file with `payout-worker export download` and with curl, in turns, and compares them.

    python3 download.py --worker .build/release/payout-worker [--size 2048] [--rounds 3]

Measures throughput and peak resident memory of whole processes in the same run. A stand-in for the service sends the
file on loopback with sendfile, so that its own cost is small. Needs only Python's standard library; without curl it
checks only the memory. Exits with 1 when a download failed or exceeded the memory limit.
"""

import argparse
import hashlib
import http.server
import json
import os
import pathlib
import re
import shutil
import socketserver
import statistics
import subprocess
import sys
import tempfile
import threading
import time

MEBIBYTE = 1024 * 1024
EXPORT = "93c2b3cf-c6d8-4e7e-ade1-007768a6eba4"


class Service(http.server.BaseHTTPRequestHandler):
    """The necessary part of the service: a token, a completed export, its file."""

    protocol_version = "HTTP/1.1"
    file = None

    def log_message(self, *_):
        pass

    def answer(self, document):
        body = json.dumps(document).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.answer({"access_token": "stand-in", "expires_in": "3599", "token_type": "Bearer"})

    def do_GET(self):
        if not self.path.startswith("/file"):
            url = f"http://127.0.0.1:{self.server.server_address[1]}/file.csv?se=2099-01-01&sig=x"
            self.answer({"value": [{"requestId": EXPORT, "status": "Completed", "blobLocation": url}]})
            return
        with open(self.file, "rb") as content:
            size = os.fstat(content.fileno()).st_size
            self.send_response(200)
            self.send_header("Content-Type", "text/csv")
            self.send_header("Content-Length", str(size))
            self.send_header("ETag", '"one"')
            self.end_headers()
            self.wfile.flush()
            self.connection.sendfile(content)


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True


def run(arguments, environment, output):
    """Runs a process to its end; returns seconds and peak resident bytes."""
    begin = time.monotonic()
    process = subprocess.Popen(arguments, env=environment, stdout=output, stderr=subprocess.PIPE)
    peak = 0
    while process.poll() is None:
        try:
            status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
            found = re.search(r"VmHWM:\s+(\d+)", status)
            peak = max(peak, int(found.group(1)) * 1024 if found else 0)
        except OSError:
            pass  # It has just ended, or this is no Linux.
        time.sleep(0.01)
    seconds = time.monotonic() - begin
    if process.returncode != 0:
        raise RuntimeError(f"{arguments[0]}: {process.stderr.read().decode()[-500:]}")
    return seconds, peak


def settings(port):
    url = f"http://127.0.0.1:{port}"
    return {
        "PATH": os.environ.get("PATH", ""), "LD_LIBRARY_PATH": os.environ.get("LD_LIBRARY_PATH", ""),
        "PAYOUT_API_BASE_URL": url, "PAYOUT_API_AUTHORITY": url, "PAYOUT_API_BLOB_HOSTS": "127.0.0.1",
        "PAYOUT_API_TENANT_ID": "t", "PAYOUT_API_CLIENT_ID": "c", "PAYOUT_API_USERNAME": "u", "PAYOUT_API_PASSWORD": "p",
        "LOG_LEVEL": "error",
    }


def measure(options, folder, port):
    environment = settings(port)
    target = folder / "target"
    url = f"http://127.0.0.1:{port}/file.csv?se=2099-01-01&sig=x"
    download = [str(options.worker), "export", "download", "--kind", "payments", EXPORT, "--out"]
    ways = {"payout-worker, to a file": (download + [str(target)], False), "payout-worker, to nothing": (download + ["-"], True)}
    curl = shutil.which("curl")
    if curl and not options.memory_only:
        ways["curl, to a file"] = ([curl, "-sS", "-o", str(target), url], False)
        ways["curl, to nothing"] = ([curl, "-sS", url], True)
    results = {name: ([], []) for name in ways}
    # In turns, so that other load on the machine affects both.
    for _ in range(options.rounds):
        for name, (arguments, is_piped) in ways.items():
            with open(os.devnull, "wb") as nothing:
                seconds, peak = run(arguments, environment, nothing)
            results[name][0].append(seconds)
            results[name][1].append(peak)
            if not is_piped:
                if target.stat().st_size != Service.file.stat().st_size:
                    raise RuntimeError(f"{name}: the file is not whole")
                target.unlink()
    return results


def check_content(options, folder, port):
    """Compares the command's checksum with Python's, once."""
    target = folder / "small"
    with open(Service.file, "r+b") as content:
        content.write(os.urandom(MEBIBYTE))
    done = subprocess.run(
        [str(options.worker), "export", "download", "--kind", "payments", EXPORT, "--out", str(target), "-o", "json"],
        env=settings(port), capture_output=True, check=True)
    with open(target, "rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    target.unlink()
    if json.loads(done.stdout)["sha256"] != digest:
        raise RuntimeError("the checksum is not the file's")


def show(options, results):
    size = options.size * MEBIBYTE
    print(f"\nDownload of {options.size} MiB over loopback (median of {options.rounds})")
    medians = {name: statistics.median(seconds) for name, (seconds, _) in results.items()}
    for name, (_, peaks) in results.items():
        rate = size / medians[name] / MEBIBYTE
        print(f"  {name:<48} {rate:,.0f} MiB/s, at most {max(peaks) / MEBIBYTE:.0f} MiB resident")
    for way in ("to a file", "to nothing"):
        if f"curl, {way}" in medians:
            ratio = medians[f"curl, {way}"] / medians[f"payout-worker, {way}"]
            print(f"  {f'throughput, payout-worker / curl, {way}':<48} {ratio:.2f}")
    peak = max(peak for name, (_, peaks) in results.items() if name.startswith("payout") for peak in peaks)
    print(f"  {'peak resident memory (%d MiB or less)' % options.limit:<48} {peak / MEBIBYTE:.1f} MiB")
    return peak <= options.limit * MEBIBYTE


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worker", required=True, type=pathlib.Path)
    parser.add_argument("--size", type=int, default=2048, help="MiB")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--limit", type=int, default=64, help="resident memory allowed, MiB")
    parser.add_argument("--memory-only", action="store_true", help="leave curl out")
    options = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="payout-download-"))
    server = None
    try:
        Service.file = folder / "source"
        with open(Service.file, "wb") as source:
            source.truncate(options.size * MEBIBYTE)
        server = Server(("127.0.0.1", 0), Service)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        port = server.server_address[1]
        check_content(options, folder, port)
        is_good = show(options, measure(options, folder, port))
    except (RuntimeError, subprocess.CalledProcessError) as error:
        print(f"FAILED: {error}", file=sys.stderr)
        is_good = False
    finally:
        if server:
            server.shutdown()
        shutil.rmtree(folder)
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
