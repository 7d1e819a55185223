"""The `nbd` driver as people use it: over nbdkit, qemu-storage-daemon and sluice itself, while they come
and go under verified load."""
import json
import os
import socket
import subprocess
import sys
import time
import unittest

import nbd

from lying_server import LyingServer
from nbd_servers import free_port, nbdkit, qemu_storage_daemon
from sluice_daemon import LONG, MIB, DaemonTest, run, wait_until

CONFIGURATION = """
sluice: 1
listeners:
  local: {type: nbd, address: "unix:{dir}/nbd.sock"}
nodes:
  far: {driver: nbd, server: SERVER OPTIONS}
  near: {driver: file, filename: "{dir}/near.raw", create: {size: 4MiB}}
exports:
  disk: {type: nbd, node: far, writable: true EXPORT}
  near: {type: nbd, node: near, writable: true}
"""


class NBDClientTest(DaemonTest):
    def text(self, server, options="", export=""):
        where = f"{{type: inet, host: 127.0.0.1, port: {server}}}" if isinstance(server, int) \
            else f"{{type: unix, path: {server}}}"
        return CONFIGURATION.replace("SERVER", where).replace("OPTIONS", options).replace("EXPORT", export)

    def place(self, name="far"):
        """A daemon whose folder holds the server's socket and image; the text comes later."""
        sluice = self.daemon({})
        return sluice, sluice.directory / f"{name}.sock", self.image(sluice.directory / f"{name}.raw", 64)

    def serve(self, sluice, text):
        (sluice.configuration / "disk.yaml").write_text(sluice.fill(text))
        return sluice.start()

    def load(self, sluice, seconds, *words):
        """fio that writes and verifies."""
        process = subprocess.Popen(
            ["fio", "--name=guest", "--ioengine=nbd", f"--uri={sluice.uri('disk')}", "--rw=randwrite",
             "--bs=4k", "--iodepth=16", "--size=32m", "--time_based", f"--runtime={seconds}",
             "--verify=crc32c", "--verify_backlog=256", "--verify_fatal=1",
             f"--aux-path={sluice.directory}", *words],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.addCleanup(process.kill)
        wait_until(lambda: self.writes(sluice) > 100, 10, "fio is at work")
        return process

    def finish(self, process):
        output, _ = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0, output.decode())

    def writes(self, sluice, name="disk"):
        export = next(export for export in sluice.show()["exports"] if export["name"] == name)
        return export["counters"]["writes"]

    def connect(self, sluice, export="disk"):
        handle = nbd.NBD()
        handle.connect_uri(sluice.uri(export))
        self.addCleanup(lambda: handle.aio_is_dead() or handle.aio_is_closed() or handle.aio_disconnect(0))
        return handle

    def errno(self, call, *arguments):
        try:
            call(*arguments)
            return None
        except nbd.Error as error:
            return error.errno

    def neighbour_is_served(self, sluice):
        handle = self.connect(sluice, "near")
        begin = time.monotonic()
        handle.pwrite(b"x" * 4096, 0)
        self.assertEqual(handle.pread(4096, 0), b"x" * 4096)
        self.assertLess(time.monotonic() - begin, 2)
        handle.shutdown()

    # Servers of others.

    def exercise(self, sluice):
        run("qemu-io", "-f", "raw", "-c", "write -P 1 0 1M", "-c", "write -z -u 64k 64k", "-c", "discard 256k 64k",
            "-c", "write -f -P 3 512k 4k", "-c", "flush", "-c", "read -P 1 0 64k", "-c", "read -P 0 64k 64k",
            "-c", "read -P 3 512k 4k", sluice.uri("disk"))
        extents = json.loads(run("nbdinfo", "--map", "--json", sluice.uri("disk")).stdout)
        self.assertEqual(sum(extent["length"] for extent in extents), 64 * MIB)
        self.assertTrue(any(extent["type"] & 2 for extent in extents), "zeroes are told")
        self.finish(self.load(sluice, 2))

    def test_over_nbdkit(self):
        for is_tcp in (False, True):
            with self.subTest(tcp=is_tcp):
                sluice, path, image = self.place()
                place = free_port() if is_tcp else path
                nbdkit(self, image, place).start()
                self.exercise(self.serve(sluice, self.text(place)))
                sluice.stop()

    def test_over_qemu_storage_daemon(self):
        for driver in ("raw", "qcow2"):
            with self.subTest(driver):
                sluice, path, image = self.place()
                if driver == "qcow2":
                    run("qemu-img", "create", "-f", "qcow2", image, "64M")
                server = qemu_storage_daemon(self, image, path, driver).start()
                self.exercise(self.serve(sluice, self.text(path, ", export: disk")))
                sluice.stop()
                server.process.terminate()
                server.process.wait()
                run("qemu-img", "check", "-f", driver, image, code=0 if driver == "qcow2" else None)

    def test_over_sluice_with_threads_of_its_own(self):
        far = self.daemon("""
sluice: 1
listeners: {local: {type: nbd, address: "unix:{dir}/nbd.sock"}}
nodes:
  disk: {driver: qcow2, file: {driver: file, filename: "{dir}/far.qcow2", create: true}, create: {size: 64MiB}, backing: null}
exports: {disk: {type: nbd, node: disk, writable: true}}
""").start()
        sluice = self.daemon({})
        text = "iothreads: {a: {}}\n" + self.text(far.socket, ", export: disk", ", iothread: a")
        self.exercise(self.serve(sluice, text))
        sluice.stop()
        far.stop()
        run("qemu-img", "check", far.directory / "far.qcow2")

    def test_a_qcow2_image_that_lies_on_a_server(self):
        sluice, path, image = self.place()
        run("qemu-img", "create", "-f", "qcow2", image, "64M")
        os.truncate(image, 80 * MIB)  # a server's disk does not grow
        nbdkit(self, image, path).start()
        text = self.text(path).replace("  near:", "  format: {driver: qcow2, file: far, backing: null}\n  near:", 1)
        self.exercise(self.serve(sluice, text.replace("node: far,", "node: format,")))
        sluice.stop()
        run("qemu-img", "check", "-f", "qcow2", image)

    def test_blocks_as_the_server_wants_them(self):
        sluice, path, image = self.place()
        nbdkit(self, image, path, "--filter=blocksize-policy", "blocksize-minimum=4096", "blocksize-maximum=65536",
               "blocksize-preferred=4096", "blocksize-error-policy=error").start()
        self.serve(sluice, self.text(path))
        self.finish(self.load(sluice, 1))
        run("qemu-io", "-f", "raw", "-c", "write -P 5 0 1M", "-c", "read -P 5 0 1M", sluice.uri("disk"))
        sluice.stop()

    # A server that is not there, or not what was hoped for.

    def test_a_server_that_is_not_there_is_named(self):
        sluice, path, _ = self.place()
        self.serve(sluice, self.text(path))
        words = json.dumps(sluice.diagnostics()) + json.dumps(sluice.status())
        self.assertIn(str(path), words)
        self.assertIn("cannot be reached", words)
        sluice.stop()

    def test_a_server_that_is_no_nbd_server_is_named(self):
        sluice, path, _ = self.place()
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(path))
            server.listen()
            self.serve_web(server)
            self.serve(sluice, self.text(path))
            words = json.dumps(sluice.diagnostics()) + json.dumps(sluice.status())
            self.assertIn("does not speak NBD", words)
            sluice.stop()

    def serve_web(self, server):
        import threading

        def answer():
            try:
                while True:
                    client, _ = server.accept()
                    client.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n" + bytes(64))
                    client.close()
            except OSError:
                pass
        threading.Thread(target=answer, daemon=True).start()

    def test_the_daemon_ends_while_it_waits_for_its_first_server(self):
        sluice, path, _ = self.place()
        text = self.text(path, ", open-timeout: 10m")
        sluice.socket = sluice.control  # nothing else listens yet
        self.serve(sluice, text)
        self.assertIn("Applying", json.dumps(sluice.status()))
        begin = time.monotonic()
        sluice.stop()
        self.assertLess(time.monotonic() - begin, 5)

    def test_a_lying_server_disturbs_nobody_else(self):
        sluice, path, _ = self.place()
        server = LyingServer(path, seed=20261123)
        self.addCleanup(server.close)
        self.serve(sluice, self.text(path))
        neighbour = self.connect(sluice, "near")
        descriptors, resident = sluice.descriptors(), sluice.resident_bytes()
        handle, longest, failures, ending = self.connect(sluice), 0.0, 0, time.monotonic() + 4
        while time.monotonic() < ending:
            cookies = [handle.aio_pread(nbd.Buffer(4096), number * 4096) for number in range(8)]
            begin = time.monotonic()
            neighbour.pwrite(b"x" * 4096, 0)
            self.assertEqual(neighbour.pread(4096, 0), b"x" * 4096)
            longest = max(longest, time.monotonic() - begin)
            deadline = time.monotonic() + 1
            for cookie in cookies:
                while time.monotonic() < deadline:
                    try:
                        if handle.aio_command_completed(cookie):
                            break
                        handle.poll(50)
                    except nbd.Error:
                        failures += 1
                        break
                else:  # It keeps silent about this one: another connection, as a client would.
                    handle = self.connect(sluice)
                    break
        self.assertGreater(failures, 10)
        self.assertGreater(server.clients, 3)
        self.assertLess(longest, 1)
        self.assertLess(sluice.resident_bytes() - resident, 64 * MIB)
        self.assertLess(sluice.descriptors(), descriptors + 10)
        server.close()
        sluice.kill()

    # A server that comes and goes.

    def restarts(self, place, sluice, server):
        self.serve(sluice, self.text(place, ", reconnect-delay: 30s"))
        process = self.load(sluice, 6)
        for _ in range(5):
            time.sleep(0.4)  # lets the load go on between two deaths
            server.kill()
            self.neighbour_is_served(sluice)
            server.start()
        self.finish(process)
        sluice.stop()

    def test_a_server_that_dies_under_load_is_waited_for(self):
        for is_tcp in (False, True):
            with self.subTest(tcp=is_tcp):
                sluice, path, image = self.place()
                place = free_port() if is_tcp else path
                self.restarts(place, sluice, nbdkit(self, image, place).start())

    def test_sluice_that_restarts_under_load_is_waited_for(self):
        far = self.daemon("""
sluice: 1
listeners: {local: {type: nbd, address: "unix:{dir}/nbd.sock"}}
nodes: {disk: {driver: file, filename: "{dir}/far.raw", create: {size: 64MiB}}}
exports: {disk: {type: nbd, node: disk, writable: true, on-remove: disconnect}}
""").start()
        sluice = self.daemon({})
        self.serve(sluice, self.text(far.socket, ", export: disk, reconnect-delay: 30s"))
        process = self.load(sluice, 6)
        for number in range(3):
            far.kill() if number % 2 else far.stop()
            far.start()
        self.finish(process)
        sluice.stop()

    def test_without_a_delay_the_loss_is_told_at_once(self):
        sluice, path, image = self.place()
        server = nbdkit(self, image, path).start()
        self.serve(sluice, self.text(path))
        handle = self.connect(sluice)
        handle.pwrite(b"a" * 512, 0)
        server.kill()
        begin = time.monotonic()
        for _ in range(3):
            self.assertEqual(self.errno(handle.pread, 512, 0), "EIO")
        self.assertLess(time.monotonic() - begin, 2)
        server.start()
        wait_until(lambda: self.errno(handle.pread, 512, 0) is None, 5, "the server is found again")
        self.assertEqual(handle.pread(512, 0), b"a" * 512)
        handle.shutdown()
        sluice.stop()

    def test_longer_than_the_delay(self):
        sluice, path, image = self.place()
        server = nbdkit(self, image, path).start()
        self.serve(sluice, self.text(path, ", reconnect-delay: 1s"))
        handle = self.connect(sluice)
        handle.pwrite(b"a" * 512, 0)
        server.kill()
        begin = time.monotonic()
        self.assertEqual(self.errno(handle.pread, 512, 0), "EIO")
        self.assertGreater(time.monotonic() - begin, 0.9)
        self.assertLess(time.monotonic() - begin, 2.5)
        self.assertEqual(self.errno(handle.pread, 512, 0), "EIO")
        server.start()
        wait_until(lambda: self.errno(handle.pread, 512, 0) is None, 5, "the server is found again")
        handle.shutdown()
        sluice.stop()

    # A server that hangs.

    def pending(self, handle, offset=0):
        """A write that the graph has."""
        cookie = handle.aio_pwrite(nbd.Buffer.from_bytearray(bytearray(b"w" * 512)), offset)
        # Commands of a client are taken in their order: when this one is refused, the write is under way.
        handle.set_strict_mode(handle.get_strict_mode() & ~nbd.STRICT_BOUNDS)
        self.assertEqual(self.errno(handle.pread, 512, 1 << 40), "EINVAL")
        self.assertFalse(handle.aio_command_completed(cookie))
        return cookie

    def settle(self, handle, cookie):
        """What became of it: nothing, or the error's name."""
        try:
            while not handle.aio_command_completed(cookie):
                handle.poll(100)
            return None
        except nbd.Error as error:
            return error.errno

    def edit_and_wait(self, sluice, text):
        generation = sluice.generation()
        sluice.edit("disk.yaml", text)
        wait_until(lambda: sluice.generation() > generation, 20, f"the edit is live\n{sluice.words()}")

    def test_d15_a_hung_server_holds_up_its_own_disk_only(self):
        sluice, path, image = self.place()
        server = nbdkit(self, image, path).start()
        self.serve(sluice, self.text(path))
        before = sluice.still()
        handle = self.connect(sluice)
        handle.pwrite(b"a" * 512, 0)
        server.freeze()
        cookie = self.pending(handle)
        wished = sluice.directory / "wished.yaml"
        # A quorum over the disk needs a drain of it, which cannot end.
        wished.write_text(sluice.fill(self.text(path)).replace(
            "exports:", "  over: {driver: quorum, vote-threshold: 1, children: [far]}\nexports:").replace("node: far,", "node: over,"))
        applying = subprocess.Popen(
            [os.environ.get("SLUICE", ""), "apply", wished, "--yes", "--control", sluice.control],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.addCleanup(applying.kill)
        while applying.poll() is None:
            begin = time.monotonic()
            sluice.status()
            sluice.show()
            self.neighbour_is_served(sluice)
            self.assertLess(time.monotonic() - begin, 3, "nobody else waits")
        output = applying.communicate()[0].decode()
        self.assertNotEqual(applying.returncode, 0, output)
        self.assertIn("disk", output)
        self.assertEqual(sluice.still(), before)
        server.thaw()
        self.assertIsNone(self.settle(handle, cookie))
        self.assertEqual(handle.pread(512, 0), b"w" * 512)
        sluice.cli("apply", wished, "--yes")
        self.assertEqual(handle.pread(512, 0), b"w" * 512)
        handle.shutdown()
        sluice.stop()

    # Plans and the end, while requests are held for a server that is away.

    def held(self, options=", reconnect-delay: 10m", export=""):
        """A daemon with one request that waits for a server to come back."""
        sluice, path, image = self.place()
        server = nbdkit(self, image, path).start()
        self.serve(sluice, self.text(path, options, export))
        handle = self.connect(sluice)
        handle.pwrite(b"a" * 512, 0)
        server.kill()
        cookie = self.pending(handle)
        self.neighbour_is_served(sluice)
        return sluice, path, server, handle, cookie

    def test_a_drain_of_held_requests_ends_with_the_plans_time(self):
        sluice, path, server, handle, cookie = self.held()
        before = sluice.still()
        wished = sluice.directory / "wished.yaml"
        wished.write_text(sluice.fill(self.text(path, ", reconnect-delay: 10m")).replace(
            "exports:", "  over: {driver: quorum, vote-threshold: 1, children: [far]}\nexports:").replace("node: far,", "node: over,"))
        sluice.cli("apply", wished, "--yes", code=None)
        self.assertEqual(sluice.still(), before)
        server.start()
        self.assertIsNone(self.settle(handle, cookie), "the held request is done after all")
        handle.shutdown()
        sluice.stop()

    def test_a_shorter_delay_lets_go_and_then_the_node_can_leave(self):
        sluice, path, server, handle, cookie = self.held()
        self.edit_and_wait(sluice, self.text(path, ", reconnect-delay: 0s"))
        self.assertEqual(self.settle(handle, cookie), "EIO")
        handle.shutdown()
        self.remove(sluice, path)
        self.neighbour_is_served(sluice)
        sluice.stop()

    def test_a_node_does_not_leave_while_requests_are_held(self):
        sluice, path, server, handle, cookie = self.held(export=", on-remove: disconnect")
        before = sluice.still()
        result = self.remove(sluice, path, code=13)
        self.assertIn("requests of export disk did not finish", result.stdout + result.stderr)
        self.assertEqual(sluice.still(), before)
        server.start()
        self.assertIsNone(self.settle(handle, cookie))
        self.remove(sluice, path)
        self.neighbour_is_served(sluice)
        sluice.stop()

    def remove(self, sluice, path, code=0):
        """A plan without the remote disk."""
        lines = [line for line in self.text(path).splitlines() if "far: {" not in line and "node: far" not in line]
        wished = sluice.directory / "wished.yaml"
        wished.write_text(sluice.fill("\n".join(lines)))
        return sluice.cli("apply", wished, "--yes", "--allow-remove", "far", "--allow-remove", "disk", code=code)

    def test_the_daemon_ends_while_it_looks_for_a_server(self):
        sluice, _, _, _, _ = self.held()
        begin = time.monotonic()
        sluice.stop()
        self.assertLess(time.monotonic() - begin, 12)

    def test_the_daemon_ends_while_a_server_hangs(self):
        sluice, path, image = self.place()
        server = nbdkit(self, image, path).start()
        self.serve(sluice, self.text(path))
        handle = self.connect(sluice)
        handle.pwrite(b"a" * 512, 0)
        server.freeze()
        self.pending(handle)
        sluice.stop()

    # A host that swallows everything.

    def test_a_black_hole_holds_nobody_longer_than_the_delay(self):
        sluice, _, image = self.place()
        port = free_port()
        server = nbdkit(self, image, port).start()
        self.serve(sluice, self.text(port, ", reconnect-delay: 1s"))
        handle = self.connect(sluice)
        handle.pwrite(b"a" * 512, 0)
        server.kill()
        with socket.socket() as hole:
            hole.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            hole.bind(("127.0.0.1", port))
            hole.listen(0)
            fillers = [socket.socket() for _ in range(3)]
            for filler in fillers:
                filler.setblocking(False)
                filler.connect_ex(("127.0.0.1", port))
            begin = time.monotonic()
            self.assertEqual(self.errno(handle.pread, 512, 0), "EIO")
            self.assertLess(time.monotonic() - begin, 2.5, "connecting is still under way")
            self.neighbour_is_served(sluice)
            for filler in fillers:
                filler.close()
        server.start()
        wait_until(lambda: self.errno(handle.pread, 512, 0) is None, 15, "the server is found again")
        handle.shutdown()
        sluice.stop()

    @unittest.skipUnless(LONG, "waits for the kernel to give a host up (SLUICE_LONG=1)")
    def test_a_host_that_falls_silent_is_given_up(self):
        if not os.environ.get("SLUICE_SILENT_HOST"):
            # A network of its own, whose only device can be taken down.
            alone = ["unshare", "--user", "--map-root-user", "--net"]
            if run(*alone, "true", code=None).returncode != 0:
                self.skipTest("this host allows no network namespaces")
            environment = {**os.environ, "SLUICE_SILENT_HOST": "1"}
            run(*alone, sys.executable, "-m", "unittest", self.id(), env=environment, cwd=os.path.dirname(__file__))
            return
        run("ip", "link", "set", "lo", "up")
        sluice, _, image = self.place()
        port = free_port()
        nbdkit(self, image, port).start()
        self.serve(sluice, self.text(port, ", reconnect-delay: 2s"))
        handle = self.connect(sluice)
        handle.pwrite(b"a" * 512, 0)
        run("ip", "link", "set", "lo", "down")
        begin = time.monotonic()
        self.neighbour_is_served(sluice)
        self.assertEqual(self.errno(handle.pread, 512, 0), "EIO")
        print("given up after", round(time.monotonic() - begin, 1), "s")
        self.assertLess(time.monotonic() - begin, 40)
        run("ip", "link", "set", "lo", "up")
        wait_until(lambda: self.errno(handle.pread, 512, 0) is None, 30, "the server is found again")
        self.assertEqual(handle.pread(512, 0), b"a" * 512)
        handle.shutdown()
        sluice.stop()


if __name__ == "__main__":
    unittest.main()
