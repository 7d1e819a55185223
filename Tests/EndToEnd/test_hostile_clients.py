"""Malformed handshakes and requests: the daemon lives, and other clients notice nothing."""
import select
import threading
import time
import unittest

import nbd

import hostile_table
import nbd_wire as wire
from nbd_wire import Gone, Wire
from sluice_daemon import MIB, DaemonTest, wait_until

CONFIGURATION = """
sluice: 1
listeners:
  local: {type: nbd, address: "unix:{dir}/nbd.sock", max-connections: 2000}
nodes:
  disk: {driver: file, filename: "{dir}/disk.raw", create: {size: 16MiB}}
  good: {driver: file, filename: "{dir}/good.raw", create: {size: 16MiB}}
  large: {driver: file, filename: "{dir}/large.raw", create: {size: 32MiB}}
exports:
  large: {type: nbd, node: large}
  disk: {type: nbd, node: disk, writable: true}
  reading: {type: nbd, node: disk}
  good: {type: nbd, node: good, writable: true}
"""
END = 16 * MIB
MOST = 2**32 - 1


class Bystander(threading.Thread):
    """An honest client that writes and reads back all the time."""

    def __init__(self, uri):
        super().__init__()
        self.uri, self.rounds, self.trouble, self.longest = uri, 0, None, 0.0
        self.ending = threading.Event()

    def run(self):
        try:
            handle = nbd.NBD()
            handle.connect_uri(self.uri)
            while not self.ending.is_set():
                block = bytes([self.rounds % 251 + 1]) * 4096
                begin = time.monotonic()
                handle.pwrite(block, self.rounds % 4096 * 4096)
                if handle.pread(4096, self.rounds % 4096 * 4096) != block:
                    self.trouble = f"round {self.rounds}: other data"
                self.longest = max(self.longest, time.monotonic() - begin)
                self.rounds += 1
            handle.shutdown()
        except Exception as error:  # a thread's error would be lost
            self.trouble = str(error)


class HostileClientTest(DaemonTest):
    def setUp(self):
        self.sluice = self.daemon(CONFIGURATION).start()
        self.bystander = Bystander(self.sluice.uri("good"))
        self.bystander.start()
        while self.bystander.rounds == 0 and self.bystander.is_alive():
            time.sleep(0.01)
        self.descriptors = self.sluice.descriptors()
        self.addCleanup(self.bystander.ending.set)
        self.connections = []

    def tearDown(self):
        for connection in self.connections:
            connection.socket.close()
        rounds = self.bystander.rounds
        deadline = time.monotonic() + 10
        while self.bystander.rounds < rounds + 10 and time.monotonic() < deadline:
            time.sleep(0.01)
        self.bystander.ending.set()
        self.bystander.join(10)
        self.assertIsNone(self.bystander.trouble)
        self.assertGreater(self.bystander.rounds, rounds, "the honest client is still served")
        # A busy machine can hold anybody up for seconds; a client that is waited for is given ten.
        self.assertLess(self.bystander.longest, 8.0, "and waits for nobody's time limit")
        self.assertTrue(self.sluice.is_alive(), self.sluice.words())
        while self.sluice.descriptors() > self.descriptors and time.monotonic() < deadline:
            time.sleep(0.01)
        self.assertLessEqual(self.sluice.descriptors(), self.descriptors, "descriptors return")
        self.sluice.stop()

    def connect(self, export="disk", seconds=5):
        connection = Wire(self.sluice.socket, seconds)
        self.connections.append(connection)
        return connection if export is None else connection.go(export)

    def loose(self, export="disk"):
        handle = nbd.NBD()
        handle.set_strict_mode(0)
        handle.connect_uri(self.sluice.uri(export))
        return handle

    def errno(self, call, *arguments):
        try:
            call(*arguments)
            return None
        except nbd.Error as error:
            return error.errno

    # Suite H.

    def test_suite_h_each_row_ends_as_it_must(self):
        rows = hostile_table.rows()
        self.assertGreaterEqual(len(rows), 300)
        self.assertEqual(len({row.title for row in rows}), len(rows), "each row has a name of its own")
        resident = self.sluice.resident_bytes()
        for row in rows:
            with self.subTest(row.title), Wire(self.sluice.socket) as connection:
                begin = time.monotonic()
                outcome = hostile_table.play(connection, row)
                self.assertIn(outcome, row.outcomes)
                self.assertTrue(hostile_table.goes_on(connection, row, outcome), "an error is no end")
                self.assertLess(time.monotonic() - begin, 2.0)
        self.assertLess(self.sluice.resident_bytes() - resident, 64 * MIB)

    # Requests, as the table of reliability.md 2.1 has them.

    def test_requests_that_no_strict_client_sends(self):
        handle = self.loose()
        self.assertEqual(self.errno(handle.pread, 512, END), "EINVAL")
        self.assertEqual(self.errno(handle.pread, 512, END - 256), "EINVAL")
        self.assertEqual(self.errno(handle.pwrite, bytes(512), END), "ENOSPC")
        self.assertEqual(self.errno(handle.trim, 1, 1), None)
        self.assertEqual(self.errno(handle.trim, 4096, END), "EINVAL")
        self.assertEqual(self.errno(handle.zero, MOST, 0), "ENOSPC")
        self.assertEqual(self.errno(handle.pwrite, bytes(33 * MIB), 0), "ENOSPC")
        self.assertEqual(self.errno(handle.pread, 512, 0), None, "the connection lives")
        handle.shutdown()

    def test_unknown_flags_and_commands_are_errors_not_ends(self):
        connection = self.connect()
        self.assertEqual(connection.do(wire.request(wire.READ, 0, 512, flags=0x80)), wire.EINVAL)
        for command in (8, 9, 255, 0xffff):
            self.assertEqual(connection.do(wire.request(command, 0, 0)), wire.EINVAL, command)
        # Neither structured replies nor the context were negotiated.
        self.assertEqual(connection.do(wire.request(wire.STATUS, 0, 512)), wire.EINVAL)
        self.assertEqual(connection.do(wire.request(wire.FLUSH)), 0)

    def test_lengths_and_offsets_at_their_limits(self):
        connection = self.connect()
        for offset in (0, END - 1, END, 2**63 - 1, 2**63, 2**64 - 1):
            for length in (MOST, 2**31, 2**31 - 1, 2**25 + 1):
                if offset + length <= END:
                    continue
                self.assertEqual(connection.do(wire.request(wire.TRIM, offset, length)), wire.EINVAL)
                self.assertEqual(connection.do(wire.request(wire.ZEROES, offset, length)), wire.ENOSPC)
                self.assertIn(connection.do(wire.request(wire.READ, offset, length)), (wire.EINVAL, wire.EOVERFLOW))
                self.assertEqual(connection.do(wire.request(wire.CACHE, offset, length)), wire.EINVAL)
        for command in (wire.READ, wire.TRIM, wire.ZEROES):
            self.assertIn(connection.do(wire.request(command, 0, 0)), (0, wire.EINVAL))
        self.assertEqual(connection.do(wire.request(wire.FLUSH)), 0)

    def test_a_read_only_export_refuses_every_change(self):
        connection = self.connect("reading")
        self.assertEqual(connection.do(wire.request(wire.WRITE, 0, 512, payload=bytes(512))), wire.EPERM)
        self.assertEqual(connection.do(wire.request(wire.TRIM, 0, 512)), wire.EPERM)
        self.assertEqual(connection.do(wire.request(wire.ZEROES, 0, 512)), wire.EPERM)
        self.assertEqual(connection.do(wire.request(wire.FLUSH)), 0)

    def test_a_request_without_its_magic_ends_the_connection(self):
        for magic in (0, wire.SIMPLE_MAGIC, MOST):
            connection = self.connect()
            connection.send(wire.request(wire.READ, 0, 512, magic=magic))
            self.assertTrue(connection.is_closed())

    def test_a_client_that_leaves_in_the_middle_of_a_request(self):
        whole = wire.request(wire.WRITE, 0, 4096, payload=bytes(4096))
        for cut in list(range(0, 40)) + [1000, 4123]:
            with Wire(self.sluice.socket) as connection:
                connection.go("disk").send(whole[:cut])

    def test_a_client_that_never_reads_its_replies(self):
        connection = self.connect(seconds=1)
        try:
            for cookie in range(4096):
                connection.send(wire.request(wire.READ, 0, MIB, cookie=cookie))
        except TimeoutError:
            pass  # the server stopped reading, as it should
        self.assertLess(self.sluice.resident_bytes(), 400 * MIB)

    # Handshakes.

    def test_a_client_that_says_goodbye_and_reads_nothing_is_let_go(self):
        connection = self.connect()
        connection.send(wire.request(wire.READ, 0, 8 * MIB) + wire.request(wire.DISC))
        looking = select.poll()
        looking.register(connection.socket, 0)
        self.assertEqual(looking.poll(0), [], "it is there")
        wait_until(lambda: looking.poll(0), 30, "it is gone")
        self.assertTrue(looking.poll(0)[0][1] & select.POLLHUP)

    def test_leaving_after_every_byte_of_a_handshake(self):
        whole = (b"\0\0\0\3" + wire.option(wire.STRUCTURED) + wire.name_option(wire.INFO, b"disk", (3,))
                 + wire.option(wire.LIST) + wire.name_option(wire.GO, b"disk"))
        for cut in range(len(whole) + 1):
            with Wire(self.sluice.socket) as connection:
                connection.receive(18)
                connection.send(whole[:cut])

    def test_names_of_every_length(self):
        for length in (0, 1, 255, 256, 257, 4095, 4096, 4097, 65535):
            for number in (wire.GO, wire.INFO):
                with self.subTest(length=length, option=number), Wire(self.sluice.socket) as connection:
                    try:
                        kind = connection.greet().ask(wire.name_option(number, b"x" * length))
                        self.assertTrue(kind & 0x80000000, hex(kind))
                    except Gone:
                        self.assertGreater(length, 4096, "the protocol allows names of 4096 bytes")
            with self.subTest(length=length, option="EXPORT_NAME"), Wire(self.sluice.socket) as connection:
                connection.greet().send(wire.option(wire.EXPORT_NAME, b"x" * length))
                self.assertTrue(connection.is_closed())

    def test_option_lengths_that_lie(self):
        for length in (65536 + 1, 2**25 + 1, 2**31, MOST):
            for number in (wire.GO, wire.LIST, wire.EXPORT_NAME, wire.SET_META, 77):
                with self.subTest(length=length, option=number), Wire(self.sluice.socket, 2) as connection:
                    begin = time.monotonic()
                    try:
                        kind = connection.greet().ask(wire.option(number, length=length))
                        self.assertTrue(kind & 0x80000000, hex(kind))
                    except Gone:
                        pass
                    self.assertLess(time.monotonic() - begin, 1.0)

    def test_inner_lengths_that_lie(self):
        for data in (b"", b"\0", b"\0\0\0\5disk", b"\xff\xff\xff\xffdisk\0\0", b"\0\0\0\4disk\0\2\0\3",
                     b"\0\0\0\4disk\0\0tail", b"\0\0\0\4disk\xff\xff"):
            for number in (wire.GO, wire.INFO):
                with self.subTest(data=data, option=number), Wire(self.sluice.socket) as connection:
                    self.assertEqual(connection.greet().ask(wire.option(number, data)), wire.ERR_INVALID)
                    self.assertEqual(connection.ask(wire.name_option(wire.GO, b"disk")), wire.ACK)
        for data in (b"", b"\0\0\0\4disk", b"\0\0\0\4disk\xff\xff\xff\xff", b"\0\0\0\4disk\0\0\0\1\0\0\0\x40base",
                     b"\0\0\0\4disk\0\0\0\1\xff\xff\xff\xffbase", b"\0\0\0\4disk\0\0\0\0tail"):
            for number in (wire.SET_META, wire.LIST_META):
                with self.subTest(data=data, option=number), Wire(self.sluice.socket) as connection:
                    connection.greet().ask(wire.option(wire.STRUCTURED))
                    self.assertEqual(connection.ask(wire.option(number, data)), wire.ERR_INVALID)
                    self.assertEqual(connection.ask(wire.name_option(wire.GO, b"disk")), wire.ACK)

    def test_options_out_of_place(self):
        with Wire(self.sluice.socket) as connection:
            connection.greet()
            for number in (0, 4, 11, 77, 0x7fffffff, MOST):
                self.assertTrue(connection.ask(wire.option(number, b"?")) & 0x80000000, number)
            self.assertEqual(connection.ask(wire.option(77)), wire.ERR_UNSUP)
            self.assertEqual(connection.ask(wire.option(wire.LIST, b"tail")), wire.ERR_INVALID)
            self.assertEqual(connection.ask(wire.option(wire.STRUCTURED, b"tail")), wire.ERR_INVALID)
            self.assertTrue(connection.ask(wire.option(wire.STARTTLS)) & 0x80000000)
            context = b"\0\0\0\4disk" + b"\0\0\0\1" + b"\0\0\0\x0fbase:allocation"
            self.assertEqual(connection.ask(wire.option(wire.SET_META, context)), wire.ERR_INVALID,
                             "a context needs structured replies first")
            self.assertEqual(connection.ask(wire.name_option(wire.INFO, b"none")), wire.ERR_UNKNOWN)
            self.assertEqual(connection.ask(wire.option(wire.LIST)), wire.ACK)
            self.assertEqual(connection.ask(wire.option(wire.ABORT)), wire.ACK)
            self.assertTrue(connection.is_closed())

    def test_a_handshake_that_is_none(self):
        with Wire(self.sluice.socket) as connection:
            connection.greet().send(wire.option(wire.LIST, magic=wire.REPLY_MAGIC))
            self.assertTrue(connection.is_closed())
        with Wire(self.sluice.socket) as connection:
            connection.receive(18)
            connection.send(b"\xff\xff\xff\xff")
            self.assertTrue(connection.is_closed(), "unknown client flags")
        with Wire(self.sluice.socket) as connection:
            connection.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            self.assertTrue(connection.is_closed())

    def test_export_name_is_served_as_of_old(self):
        with Wire(self.sluice.socket) as connection:
            connection.greet().send(wire.option(wire.EXPORT_NAME, b"disk"))
            self.assertEqual(int.from_bytes(connection.receive(8), "big"), END)
            connection.receive(2)
            self.assertEqual(connection.do(wire.request(wire.FLUSH)), 0)
        with Wire(self.sluice.socket) as connection:
            connection.greet(flags=1).send(wire.option(wire.EXPORT_NAME, b"disk"))
            self.assertEqual(connection.receive(134)[10:], bytes(124), "zeroes unless both sides said no")

    def test_many_half_open_connections(self):
        half = [Wire(self.sluice.socket) for _ in range(200)]
        for index, connection in enumerate(half):
            connection.receive(18)
            if index % 2:
                connection.send(b"\0\0\0\3" + wire.option(wire.GO, b"", length=40)[:index % 16])
        handle = self.loose()
        self.assertEqual(self.errno(handle.pread, 4096, 0), None)
        handle.shutdown()
        for connection in half:
            connection.socket.close()

    def test_connecting_and_leaving(self):
        for _ in range(1000):
            Wire(self.sluice.socket).socket.close()


class GreedyClientTest(DaemonTest):
    def test_many_clients_that_never_read_leave_memory_to_others(self):
        sluice = self.daemon(CONFIGURATION).start()
        for _ in range(28):
            connection = Wire(sluice.socket, 60)
            self.addCleanup(connection.socket.close)
            connection.go("large").send(wire.request(wire.READ, 0, 32 * MIB))
        honest = nbd.NBD()
        honest.connect_uri(sluice.uri("large"))
        # It waits for memory, until those go that take nothing.
        lengths = []
        reader = threading.Thread(target=lambda: lengths.append(len(honest.pread(32 * MIB, 0))))
        reader.start()
        most = 0
        while reader.is_alive():
            most = max(most, sluice.resident_bytes())
            time.sleep(0.05)
        self.assertEqual(lengths, [32 * MIB])
        self.assertLess(most, 700 * MIB, "29 times 32 MiB was asked for")
        honest.shutdown()


if __name__ == "__main__":
    unittest.main()
