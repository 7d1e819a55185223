"""A graph of more than a thousand nodes: edits of one disk, and what of it outlives the daemon."""
import json
import unittest

import nbd

from sluice_daemon import DaemonTest, wait_until

COUNT = 300
HEAD = """sluice: 1
throttle-groups: {gold: {iops-total: 1000000}}
listeners: {local: {type: nbd, address: "unix:{dir}/nbd.sock"}}
nodes:
"""
DISK = """sluice: 1
nodes:
  one: {driver: null-co, size: %s}
exports:
  disk: {type: nbd, node: %s, writable: true}
"""


def chains():
    nodes = [
        f"  n{number}: {{driver: null-co, size: 1MiB}}\n  f{number}: {{driver: raw, file: n{number}}}\n"
        f"  c{number}: {{driver: copy-on-read, file: f{number}}}\n"
        f"  t{number}: {{driver: throttle, throttle-group: gold, file: c{number}}}\n" for number in range(COUNT)]
    exports = [f"  e{number}: {{type: nbd, node: t{number}, writable: true}}\n" for number in range(COUNT)]
    return HEAD + "".join(nodes) + "exports:\n" + "".join(exports)


class LargeGraph(DaemonTest):
    def generations(self, sluice):
        return sorted(path.name for path in (sluice.directory / "state" / "generations").glob("*.json"))

    def live(self, sluice, generation):
        wait_until(lambda: sluice.generation() == generation, 20, f"generation {generation} is live")
        return sluice.show()

    def size(self, sluice):
        client = nbd.NBD()
        client.connect_uri(sluice.uri("disk"))
        size = client.get_size()
        client.shutdown()
        return size

    def test_one_disk_changes_and_the_state_follows(self):
        sluice = self.daemon({"graph.yaml": chains()}).start()
        client = nbd.NBD()
        client.connect_uri(sluice.uri("e7"))
        client.pwrite(b"x" * 4096, 0)
        first = sluice.show()
        self.assertEqual(len(first["exports"]), COUNT)
        sluice.edit("disk.yaml", DISK % ("2MiB", "one"))
        second = self.live(sluice, 2)
        sluice.edit("disk.yaml", DISK % ("3MiB", "n3"))
        third = self.live(sluice, 3)
        self.assertEqual(len({graph["digest"] for graph in (first, second, third)}), 3)
        # Nobody else has noticed.
        client.pwrite(b"y" * 4096, 4096)
        receipt = json.loads(sluice.cli("show", "@3", "-o", "json").stdout)["receipt"]
        other = next(export for export in receipt["exports"] if export["name"] == "e7")
        self.assertEqual((other["failed"], other["held"]), (0, 0))
        # What differs is on the disk, and no more.
        self.assertEqual(
            self.generations(sluice), ["00000001.json", "00000002-00000001.json", "00000003-00000001.json"])
        self.assertLess((sluice.directory / "state" / "generations" / "00000003-00000001.json").stat().st_size,
                        (sluice.directory / "state" / "generations" / "00000001.json").stat().st_size)
        client.shutdown()
        # Killed, with files that are bad: the last state serves.
        sluice.kill()
        (sluice.configuration / "disk.yaml").write_text("sluice: 1\nnodse: {}\n")
        sluice.start()
        self.assertEqual(sluice.show()["digest"], third["digest"])
        self.assertEqual(self.size(sluice), 1 << 20)
        # Back to one that stands on another, and by way of it to the first.
        sluice.cli("rollback", "@2", "--yes")
        self.assertEqual(sluice.show()["digest"], second["digest"])
        self.assertEqual(self.size(sluice), 2 << 20)
        sluice.cli("rollback", "@1", "--yes")
        self.assertEqual(sluice.show()["digest"], first["digest"])
        history = json.loads(sluice.cli("history", "-o", "json").stdout)["generations"]
        self.assertEqual([record["exports"] for record in history], [COUNT, COUNT + 1, COUNT + 1, COUNT + 1, COUNT])


if __name__ == "__main__":
    unittest.main()
