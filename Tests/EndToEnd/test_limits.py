"""What is used up, or set to the limit: the daemon says so, goes on answering, and never traps."""
import os
import signal
import socket
import subprocess
import unittest

from sluice_daemon import MIB, SLUICE, DaemonTest, run, wait_until

DISK = """sluice: 1
listeners: {main: {type: nbd, address: "unix:{dir}/nbd.sock"}}
nodes:
  disk: {driver: qcow2, file: {driver: file, filename: "{dir}/disk.qcow2", create: true}, create: {size: 16MiB}, backing: null}
exports:
  disk: {type: nbd, node: disk, listener: main, writable: true}
"""


class DescriptorsTest(DaemonTest):
    def limited(self, count):
        """A daemon that may have so many descriptors and cannot have more."""
        sluice = self.daemon(DISK)
        with open(sluice.log, "ab") as log:
            sluice.process = subprocess.Popen(
                ["prlimit", f"--nofile={count}:{count}", SLUICE, "serve", str(sluice.configuration),
                 "--state-dir", str(sluice.directory / "state"), "--control", str(sluice.control)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        return sluice

    def test_too_few_to_begin_with_are_told(self):
        for count in (8, 12, 16, 24, 64, 255):
            sluice = self.limited(count)
            self.assertEqual(sluice.process.wait(timeout=20), 1, sluice.words())
            self.assertIn("RLIMIT_NOFILE", sluice.words())

    def test_clients_leave_enough_for_everything_else(self):
        sluice = self.limited(256)
        wait_until(sluice.answers, 20, "the daemon answers")
        crowd = []
        for _ in range(300):
            client = socket.socket(socket.AF_UNIX)
            self.addCleanup(client.close)
            client.connect(str(sluice.socket))
            crowd.append(client)
        wait_until(lambda: sluice.descriptors() >= 128, 10, "clients have what they may have")
        self.assertTrue(sluice.is_true("Ready"))
        sluice.edit("more.yaml", "sluice: 1\nnodes:\n" + "".join(
            f"  more{number}: {{driver: file, filename: \"{{dir}}/more{number}.raw\", create: {{size: 1MiB}}}}\n"
            for number in range(20)))
        wait_until(lambda: sluice.generation() == 2, 10, "a plan that opens files is applied")
        for client in crowd:
            client.close()
        self.assertEqual(run("nbdinfo", "--size", sluice.uri("disk")).stdout.strip(), str(16 * MIB))
        sluice.stop()


class ControlSocketTest(DaemonTest):
    def test_a_listener_that_hangs_is_busy_and_not_waited_for(self):
        sluice = self.daemon(DISK)
        with socket.socket(socket.AF_UNIX) as hanging, socket.socket(socket.AF_UNIX) as waiting:
            hanging.bind(str(sluice.control))
            hanging.listen(0)
            waiting.connect(str(sluice.control))
            run(SLUICE, "serve", sluice.configuration, "--state-dir", sluice.directory / "state",
                "--control", sluice.control, code=75, timeout=20)

    def test_beyond_64_askers_one_is_told_that_it_is_busy(self):
        sluice = self.daemon(DISK).start()
        for _ in range(64):
            asker = socket.socket(socket.AF_UNIX)
            self.addCleanup(asker.close)
            asker.settimeout(60)
            asker.connect(str(sluice.control))
            # Who came when only the daemon knows: each is answered before the next one asks.
            asker.sendall(b"GET /v1/events?follow=1 HTTP/1.1\r\nHost: x\r\n\r\n")
            self.assertEqual(asker.recv(12), b"HTTP/1.1 200")
        self.assertIn("too many", sluice.cli("status", code=75).stderr)

    def test_a_signal_of_somebody_else_does_not_end_it(self):
        sluice = self.daemon(DISK).start()
        for _ in range(10):
            sluice.process.send_signal(signal.SIGUSR2)
        wait_until(lambda: sluice.is_true("Ready"), 10, "it goes on")
        sluice.stop()

    def test_numbers_at_their_limits(self):
        sluice = self.daemon(DISK).start()
        for number in (2**64 - 1, 2**64 - 2, 2**63):
            self.assertEqual(sluice.cli("events", "--since-seq", number, "-o", "ndjson").stdout, "")
        for duration in ("1000000d", "213504d", "18446744073709551615s"):
            for command in (["wait", "--for", "Ready", "--timeout"], ["hold", "--reason", "x", "--for"],
                            ["apply", sluice.configuration, "--yes", "--confirm"]):
                sluice.cli(*command, duration, code=64)
        self.assertTrue(sluice.is_alive())


class ReportTest(DaemonTest):
    def test_a_file_that_grows_is_shown_as_long_as_it_is(self):
        sluice = self.daemon(DISK).start()

        def shown():
            return {node["name"]: node["limits"]["size"] for node in sluice.show()["nodes"]}

        for end in (4, 16):
            run("qemu-io", "-f", "raw", "-c", f"write {end - 1}M 1M", sluice.uri("disk"))
            length = os.stat(sluice.directory / "disk.qcow2").st_size
            self.assertGreater(length, MIB)
            self.assertEqual(shown(), {"disk": 16 * MIB, "disk.file": length})

    def test_what_is_missing_at_the_first_look_is_why_it_is_not_ready(self):
        sluice = self.daemon({})
        os.rmdir(sluice.configuration)
        with open(sluice.log, "ab") as log:
            sluice.process = subprocess.Popen(
                [SLUICE, "serve", str(sluice.configuration), "--state-dir", str(sluice.directory / "state"),
                 "--control", str(sluice.control)], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_until(sluice.is_of_this_process, 20, "the daemon answers")
        wait_until(lambda: not sluice.is_true("SourceReady"), 10, "the first look is over")
        ready = wait_until(
            lambda: next((c for c in [sluice.status()["conditions"]["Ready"]] if c["reason"] != "Starting"), None),
            10, "it says why")
        self.assertEqual((ready["status"], ready["reason"]), (False, "SourceMissing"))
        os.mkdir(sluice.configuration)
        sluice.edit("disk.yaml", DISK)
        wait_until(lambda: sluice.is_true("Ready"), 10, "it is served when it is there")
        sluice.process.send_signal(signal.SIGTERM)
        self.assertEqual(sluice.process.wait(timeout=20), 0)


if __name__ == "__main__":
    unittest.main()
