"""A TLS listener that records how a client signs in at Kafka. It answers ApiVersions and SaslHandshake, and keeps the
first SaslAuthenticate. It is not a broker."""

import socket
import ssl
import struct
import threading

API_VERSIONS, SASL_HANDSHAKE, SASL_AUTHENTICATE = 18, 17, 36
# What librdkafka must see to choose the requests that are answered here.
SUPPORTED = [(API_VERSIONS, 0, 3), (SASL_HANDSHAKE, 0, 1), (SASL_AUTHENTICATE, 0, 1), (3, 0, 9), (0, 0, 8), (1, 0, 11)]


class Attempt:
    """What one connection showed."""

    def __init__(self):
        self.tls = None
        self.peer = None
        self.mechanism = None
        self.token = None
        self.error = None
        self.greeted = False


class Listener:
    def __init__(self, certificate, key, client_authority=None):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate, key)
        if client_authority:
            self.context.load_verify_locations(client_authority)
            self.context.verify_mode = ssl.CERT_REQUIRED
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.attempts = []
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        attempt = Attempt()
        self.attempts.append(attempt)
        connection.settimeout(20)
        try:
            with self.context.wrap_socket(connection, server_side=True) as secure:
                attempt.tls = secure.version()
                attempt.peer = secure.getpeercert()
                self._talk(secure, attempt)
        except (OSError, EOFError, struct.error) as error:
            attempt.error = error

    def _talk(self, secure, attempt):
        while attempt.token is None:
            (size,) = struct.unpack(">i", read(secure, 4))
            request = read(secure, size)
            key, version, correlation = struct.unpack(">hhi", request[:8])
            (client_length,) = struct.unpack(">h", request[8:10])
            body = request[10 + max(client_length, 0):]
            if key == API_VERSIONS:
                attempt.greeted = True
                # Version 3 has a flexible body, though its answer's header has none; older ones a plain array.
                if version >= 3:
                    answer = struct.pack(">hB", 0, len(SUPPORTED) + 1)
                    answer += b"".join(struct.pack(">hhhB", *api, 0) for api in SUPPORTED) + struct.pack(">iB", 0, 0)
                else:
                    answer = struct.pack(">hi", 0, len(SUPPORTED))
                    answer += b"".join(struct.pack(">hhh", *api) for api in SUPPORTED)
                    answer += struct.pack(">i", 0) if version >= 1 else b""
            elif key == SASL_HANDSHAKE:
                (length,) = struct.unpack(">h", body[:2])
                attempt.mechanism = body[2:2 + length].decode()
                name = attempt.mechanism.encode()
                answer = struct.pack(">hih", 0, 1, len(name)) + name
            elif key == SASL_AUTHENTICATE:
                (length,) = struct.unpack(">i", body[:4])
                attempt.token = body[4:4 + length]
                return
            else:
                return
            secure.sendall(struct.pack(">ii", len(answer) + 4, correlation) + answer)


def read(connection, count):
    data = b""
    while len(data) < count:
        chunk = connection.recv(count - len(data))
        if not chunk:
            raise EOFError
        data += chunk
    return data
