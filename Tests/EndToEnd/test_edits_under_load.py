"""The graph changes under a client that verifies every byte, and the client notices nothing."""
import json
import subprocess
import time
import unittest

from sluice_daemon import LONG, MIB, DaemonTest, wait_until

# A `pass` is one change; the three follow each other: throttle in, limits changed, throttle out.
HEAD = """
sluice: 1
listeners:
  local: {type: nbd, address: "unix:{dir}/nbd.sock"}
nodes:
  disk: {driver: file, filename: "{dir}/disk.raw", create: {size: 64MiB}}
"""
PLAIN = HEAD + """
exports:
  disk: {type: nbd, node: disk, writable: true}
"""
THROTTLED = HEAD + """
  limited: {driver: throttle, throttle-group: gold, file: disk}
throttle-groups:
  gold: {iops-total: LIMIT}
exports:
  disk: {type: nbd, node: limited, writable: true}
"""
EDITS = 500 if LONG else 40
LIVE_SECONDS_MAX = 1.0


class EditTest(DaemonTest):
    def test_forty_edits_by_rename_while_fio_verifies(self):
        sluice = self.daemon({"disk.yaml": PLAIN}).start()
        report = sluice.directory / "fio.json"
        seconds = EDITS * 0.7 + 3
        fio = subprocess.Popen(
            ["fio", "--name=verify", "--ioengine=nbd", f"--uri={sluice.uri('disk')}",
             "--rw=randwrite", "--bs=4k", "--iodepth=16", "--verify=crc32c", "--verify_backlog=1024",
             "--verify_fatal=1", "--size=64m", "--time_based", f"--runtime={int(seconds)}",
             "--output-format=json", f"--output={report}"],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.addCleanup(fio.kill)
        wait_until(lambda: clients(sluice) > 0, 10, "fio is connected")
        times, sizes = [], []
        for number in range(EDITS):
            limit = 30_000 + number * 100
            text = PLAIN if number % 3 == 2 else THROTTLED.replace("LIMIT", str(limit))
            generation = sluice.generation()
            renamed = sluice.edit("disk.yaml", text)
            while sluice.generation() == generation:
                self.assertLess(time.monotonic() - renamed, 5, f"edit {number}\n{sluice.words()}")
            times.append(time.monotonic() - renamed)
            self.assertEqual(sluice.generation(), generation + 1)
            live = sluice.still()
            self.assertEqual(str(limit) in live, number % 3 != 2, f"edit {number} is live")
            self.assertIsNone(fio.poll(), "fio runs")
            if number % 3 == 2:
                sizes.append((sluice.descriptors(), sluice.resident_bytes() / MIB))
        _, errors = fio.communicate(timeout=120)
        self.assertEqual(fio.returncode, 0, errors.decode())
        job = json.loads(report.read_text())["jobs"][0]
        self.assertEqual(job["error"], 0)
        self.assertGreater(job["write"]["total_ios"], 10_000)
        self.assertGreater(job["read"]["total_ios"], 1_000, "fio verified what it wrote")
        times.sort()
        print(f"\n{EDITS} edits live after {times[0]:.3f} to {times[-1]:.3f} s, median {times[len(times) // 2]:.3f} s")
        # The first rounds fill pools; from then on nothing may be kept.
        warm, end = sizes[3], sizes[-1]
        self.assertLessEqual(end[0], warm[0] + 2, f"descriptors {sizes}")
        self.assertLess(end[1] - warm[1], 8, f"resident MiB {sizes}")
        self.assertLessEqual(times[-1], LIVE_SECONDS_MAX, "each edit is live within a second")

    def test_a_throttle_goes_in_without_a_pause(self):
        sluice = self.daemon({"disk.yaml": PLAIN}).start()
        other = sluice.directory / "wished.yaml"
        other.write_text(sluice.fill(THROTTLED.replace("LIMIT", "5000")))
        plan = json.loads(sluice.cli("plan", other, "-o", "json").stdout)
        impacts = {export["name"]: export["impact"] for export in plan["exports"]}
        self.assertEqual(impacts, {"disk": "no-pause"})
        self.assertEqual({(a["object"], a["action"]) for a in plan["actions"]},
                         {("throttle-group/gold", "add"), ("node/limited", "add"), ("export/disk", "change")})

    def test_a_limit_holds_as_soon_as_it_is_live(self):
        sluice = self.daemon({"disk.yaml": PLAIN}).start()
        self.assertGreater(self.iops(sluice), 2_000)
        sluice.edit("disk.yaml", THROTTLED.replace("LIMIT", "500"))
        wait_until(lambda: "limited" in sluice.still(), 5, "the throttle is live")
        # Half a second of the old budget may still be there; a limit that does not hold gives thousands.
        self.assertLess(self.iops(sluice), 900)
        sluice.edit("disk.yaml", PLAIN)
        wait_until(lambda: "limited" not in sluice.still(), 5, "the throttle is out")
        self.assertGreater(self.iops(sluice), 2_000)

    def iops(self, sluice):
        report = sluice.directory / "load.json"
        result = subprocess.run(
            ["fio", "--name=load", "--ioengine=nbd", f"--uri={sluice.uri('disk')}", "--rw=randread", "--bs=4k",
             "--iodepth=16", "--size=64m", "--time_based", "--runtime=2", "--output-format=json", f"--output={report}"],
            capture_output=True, text=True, timeout=60)
        self.assertEqual(result.returncode, 0, result.stderr)
        return json.loads(report.read_text())["jobs"][0]["read"]["iops"]


def clients(sluice):
    return sum(len(export["clients"]) for export in sluice.show()["exports"])


if __name__ == "__main__":
    unittest.main()
