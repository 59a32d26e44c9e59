"""Commands in a pseudo-terminal of 80 columns."""

import errno
import fcntl
import os
import pty
import struct
import subprocess
import termios

COLUMNS, ROWS = 80, 24


class Screen:
    """Runs commands and returns what they show."""

    def __init__(self, binary, environment, folder):
        self.binary, self.folder = binary, folder
        self.environment = {**environment, "NO_COLOR": "1", "TERM": "xterm-256color"}

    def run(self, arguments, text="", settings=None):
        """The exit status and what the terminal shows."""
        outer, inner = pty.openpty()
        fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        process = subprocess.Popen(
            [self.binary, *arguments], env={**self.environment, **(settings or {})}, cwd=self.folder,
            stdin=subprocess.PIPE, stdout=inner, stderr=inner)
        os.close(inner)
        process.stdin.write(text.encode())
        process.stdin.close()
        shown = bytearray()
        while True:
            try:
                part = os.read(outer, 65_536)
            except OSError as error:
                # Linux reports the end of a terminal as an error.
                if error.errno != errno.EIO:
                    raise
                break
            if not part:
                break
            shown += part
        os.close(outer)
        # A progress line is overwritten, and erased at its end.
        lines = [line.rsplit("\r\x1b[K", 1)[-1] for line in shown.decode().replace("\r\n", "\n").split("\n")]
        return process.wait(), "\n".join(lines).rstrip("\n")
