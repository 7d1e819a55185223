"""Starts the built binary on a configuration of its own, and asks it things through its command line."""
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time
import unittest

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
SLUICE = os.environ.get("SLUICE", str(REPOSITORY / ".build" / "release" / "sluice"))
LONG = os.environ.get("SLUICE_LONG") == "1"
MIB = 1 << 20
# What moves while nothing is changed, in `show -o json`.
MOVING = {"clients", "counters"}


def run(*command, code=0, **options):
    """Runs a program and insists on its exit code (None: any)."""
    options.setdefault("timeout", 120)
    # nbdinfo shows what file(1) makes of the disk's bytes, which need not be text.
    result = subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, errors="replace", **options)
    if code is not None and result.returncode != code:
        raise AssertionError(
            f"{' '.join(map(str, command))}: exit {result.returncode}, wanted {code}\n{result.stdout}{result.stderr}")
    return result


def wait_until(question, seconds, what):
    """Asks until the answer is true, and returns it; the pause between two questions is short."""
    deadline = time.monotonic() + seconds
    while True:
        answer = question()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.01)


def without_moving(value):
    """A value of `show -o json` without what moves by itself."""
    if isinstance(value, dict):
        return {key: without_moving(inner) for key, inner in value.items() if key not in MOVING}
    if isinstance(value, list):
        return [without_moving(inner) for inner in value]
    return value


class Daemon:
    """One running `sluice serve` with its own configuration, state and sockets."""

    def __init__(self, files, listener="nbd.sock"):
        """`files` maps names to text; `{dir}` in it is the folder that holds images and sockets."""
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="sluice-e2e."))
        self.configuration = self.directory / "graph.d"
        self.configuration.mkdir()
        self.control = self.directory / "control.sock"
        self.socket = self.directory / listener
        self.log = self.directory / "serve.log"
        self.process = None
        for name, text in files.items():
            (self.configuration / name).write_text(self.fill(text))

    def fill(self, text):
        return text.replace("{dir}", str(self.directory))

    def start(self, *arguments, seconds=20):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [SLUICE, "serve", str(self.configuration), "--state-dir", str(self.directory / "state"),
                 "--control", str(self.control), *arguments],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        # A killed daemon's listening socket may take clients for a moment after it: only the
        # control socket tells who answers.
        wait_until(self.answers, seconds, "the daemon answers")
        return self

    def answers(self):
        if self.process.poll() is not None:
            raise AssertionError(f"the daemon ended with {self.process.returncode}\n{self.words()}")
        return self.is_of_this_process() and self.listens()

    def is_of_this_process(self):
        """Whether the process that was started has the control socket, and not one that was killed."""
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(str(self.control))
            except OSError:
                return False
            credentials = probe.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
            return struct.unpack("3i", credentials)[0] == self.process.pid

    def listens(self):
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(str(self.socket))
                return True
            except OSError:
                return False

    def words(self):
        return self.log.read_text(errors="replace")[-4000:]

    def is_alive(self):
        return self.process is not None and self.process.poll() is None

    def stop(self):
        """Ends the daemon as a supervisor does and insists on a clean end."""
        if not self.is_alive():
            raise AssertionError(f"the daemon had ended already\n{self.words()}")
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=20)
        if code != 0:
            raise AssertionError(f"the daemon ended with {code} on SIGTERM\n{self.words()}")

    def kill(self):
        self.process.kill()
        self.process.wait()

    def clean(self):
        if self.is_alive():
            self.kill()
        shutil.rmtree(self.directory, ignore_errors=True)

    def cli(self, command, *arguments, code=0, **options):
        return run(SLUICE, command, *arguments, "--control", self.control, code=code, **options)

    def show(self):
        return json.loads(self.cli("show", "-o", "json").stdout)

    def still(self):
        """The live graph as text without counters, to compare byte for byte."""
        return json.dumps(without_moving(self.show()), sort_keys=True, indent=1)

    def status(self):
        return json.loads(self.cli("status", "-o", "json", code=None).stdout)

    def diagnostics(self):
        return self.status().get("diagnostics") or []

    def events(self, kind=None, after=0):
        """What happened after that sequence number, of one kind or of all."""
        lines = self.cli("events", "-o", "ndjson", "--since-seq", str(after)).stdout.splitlines()
        return [event for event in map(json.loads, lines) if kind in (None, event["type"])]

    def is_true(self, condition):
        return self.status()["conditions"][condition]["status"]

    def generation(self):
        return self.show()["generation"]

    def edit(self, name, text):
        """Replaces a file by rename, as careful editors do; returns when the rename was done."""
        temporary = self.configuration / f".{name}.new"
        temporary.write_text(self.fill(text))
        os.rename(temporary, self.configuration / name)
        return time.monotonic()

    def uri(self, export):
        return f"nbd+unix:///{export}?socket={self.socket}"

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def resident_bytes(self):
        """Memory of its own: pages of files that it shows itself belong to the page cache."""
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"RssAnon:\s+(\d+)", text).group(1)) * 1024


class DaemonTest(unittest.TestCase):
    """A test that starts daemons; each is cleaned up, and its log shown when the test fails."""

    maxDiff = 4000

    def daemon(self, files, **options):
        daemon = Daemon(files if isinstance(files, dict) else {"disk.yaml": files}, **options)
        self.addCleanup(daemon.clean)
        self.addCleanup(self.tell, daemon)
        return daemon

    def tell(self, daemon):
        outcome = self._outcome
        errors = getattr(getattr(outcome, "result", None), "errors", []) + getattr(getattr(outcome, "result", None), "failures", [])
        if any(test is self for test, _ in errors) or not getattr(outcome, "success", True):
            print(f"\n--- {self.id()}: what the daemon said\n{daemon.words()}\n---")

    def image(self, path, mebibytes, fill=None):
        with open(path, "wb") as file:
            file.truncate(mebibytes * MIB)
            if fill is not None:
                file.write(bytes([fill]) * mebibytes * MIB)
        return path
