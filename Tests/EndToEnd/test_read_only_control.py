"""The socket that answers questions and changes nothing, and what follows the status."""
import json
import os
import pathlib
import random
import subprocess
import unittest

from sluice_daemon import SLUICE, DaemonTest, run, wait_until

CONFIGURATION = """sluice: 1
listeners:
  local: {type: nbd, address: "unix:{dir}/nbd.sock"}
nodes:
  one: {driver: file, filename: "{dir}/one.raw", create: {size: 8MiB}}
  null: {driver: null-co, size: 1MiB}
exports:
  disk: {type: nbd, node: one, writable: true}
"""
PREVIEWS = 1000 if os.environ.get("SLUICE_LONG") else 40
QUESTIONS = (["status"], ["show"], ["history"], ["events"], ["drift"], ["explain", "one"], ["graph"])
ORDERS = (["reload"], ["retry"], ["resume"], ["confirm"], ["hold", "--for", "1m", "--reason", "test"])


class ReadOnlyControlTest(DaemonTest):
    def started(self):
        sluice = self.daemon(CONFIGURATION).start("--no-watch")
        sluice.questions = sluice.directory / "ro.sock"
        return sluice

    def random_configuration(self, sluice, numbers):
        """Half of them are valid; they add, change, move and remove."""
        lines = [CONFIGURATION.rstrip("\n")]
        if numbers.random() < 0.3:
            lines[0] = lines[0].replace("node: one", numbers.choice(["node: null", "node: none"]))
        if numbers.random() < 0.3:
            lines[0] = lines[0].replace("size: 1MiB", f"size: {numbers.randrange(1, 99)}MiB")
        for number in range(numbers.randrange(4)):
            lines.append(f"  e{number}: {{type: nbd, node: null, writable: {numbers.choice(['true', 'false', 'yes'])}}}")
        return sluice.fill("\n".join(lines) + "\n")

    def test_P24_previews_change_nothing(self):
        sluice = self.started()
        image = sluice.directory / "one.raw"
        wait_until(lambda: not (sluice.directory / "state" / "candidate.json").exists(), 10, "the first generation is kept")
        journal = sorted(path for path in (sluice.directory / "state").rglob("*") if path.is_file())
        before = (sluice.still(), image.stat().st_mtime_ns, [path.read_bytes() for path in journal])
        numbers = random.Random(24)
        wished = sluice.directory / "wished.yaml"
        codes = set()
        for _ in range(PREVIEWS):
            wished.write_text(self.random_configuration(sluice, numbers))
            codes.add(subprocess.run([SLUICE, "plan", wished, "--control", sluice.questions],
                                     capture_output=True, timeout=20).returncode)
        self.assertIn(0, codes)
        self.assertIn(65, codes)
        self.assertLessEqual(codes, {0, 11, 12, 65})
        after = (sluice.still(), image.stat().st_mtime_ns, [path.read_bytes() for path in journal])
        self.assertEqual(before, after)

    def test_P24_orders_are_refused_there_with_77(self):
        sluice = self.started()
        generation = sluice.generation()
        wished = sluice.directory / "wished.yaml"
        wished.write_text(sluice.fill(CONFIGURATION.replace("1MiB", "2MiB")))
        for order in (*ORDERS, ["apply", wished, "--yes"]):
            answer = run(SLUICE, *order, "--control", sluice.questions, code=77)
            self.assertIn("changes nothing", answer.stderr)
        self.assertEqual(sluice.generation(), generation)
        for question in QUESTIONS:
            run(SLUICE, *question, "--control", sluice.questions)

    def test_C12_a_reader_may_ask_and_not_change(self):
        sluice = self.started()
        if os.geteuid() != 0:
            self.skipTest("only root can become somebody else")
        nobody = 65534
        os.chmod(sluice.directory, 0o755)
        self.assertEqual(sluice.questions.stat().st_mode & 0o777, 0o660)
        own = sluice.directory / "sluice"
        own.write_bytes(pathlib.Path(SLUICE).read_bytes())
        own.chmod(0o755)

        def ask(*arguments, socket=sluice.questions):
            return subprocess.run([own, *arguments, "--control", socket], capture_output=True, text=True, timeout=20,
                                  user=nobody, group=nobody, extra_groups=[], cwd="/")

        self.assertEqual(ask("status").returncode, 77)
        os.chown(sluice.questions, -1, nobody)
        for question in (["status"], ["explain", "one"], ["plan", sluice.configuration]):
            answer = ask(*question)
            self.assertEqual(answer.returncode, 0, answer.stderr)
        self.assertEqual(ask("reload").returncode, 77)
        self.assertEqual(ask("reload", socket=sluice.control).returncode, 77)

    def test_the_socket_is_gone_when_the_daemon_is(self):
        sluice = self.started()
        self.assertTrue(sluice.questions.exists())
        sluice.stop()
        self.assertFalse(sluice.questions.exists())

    def test_status_watch_prints_what_has_changed(self):
        sluice = self.started()
        found = sluice.directory / "watched"
        with open(found, "wb") as file:
            watching = subprocess.Popen([SLUICE, "status", "--watch", "-o", "json", "--control", sluice.questions],
                                        stdout=file, stderr=subprocess.DEVNULL)
        try:
            wait_until(lambda: found.read_text().count("\n") == 1, 10, "the first status")
            wished = sluice.directory / "wished.yaml"
            wished.write_text(sluice.fill(CONFIGURATION.replace("1MiB", "2MiB")))
            sluice.cli("apply", wished, "--yes")
            generation = sluice.generation()
            wait_until(lambda: json.loads(found.read_text().splitlines()[-1])["generation"] == generation, 10,
                       "the status after the change")
            sluice.stop()
            self.assertEqual(watching.wait(timeout=20), 69)
        finally:
            watching.kill()
            watching.wait()


if __name__ == "__main__":
    unittest.main()
