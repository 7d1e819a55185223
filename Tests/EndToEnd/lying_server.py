"""An NBD server that shakes hands honestly and then says anything, each connection another thing."""
import os
import random
import socket
import struct
import threading

SIZE = 16 << 20


def reply(option, kind, data=b""):
    return struct.pack(">QIII", 0x3E889045565A9, option, kind, len(data)) + data


class LyingServer:
    def __init__(self, path, seed):
        self.random = random.Random(seed)
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(str(path))
        self.socket.listen(64)
        self.clients = 0
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        try:
            while True:
                client, _ = self.socket.accept()
                self.clients += 1
                threading.Thread(target=self.serve, args=(client, self.random.random()), daemon=True).start()
        except OSError:
            pass

    def serve(self, client, seed):
        try:
            with client:
                self.shake(client)
                self.lie(client, random.Random(seed))
        except (OSError, struct.error):
            pass

    def receive(self, client, count):
        data = client.recv(count, socket.MSG_WAITALL)
        if len(data) < count:
            raise OSError
        return data

    def shake(self, client):
        client.sendall(b"NBDMAGICIHAVEOPT\0\3")
        self.receive(client, 4)
        while True:
            _, option, length = struct.unpack(">QII", self.receive(client, 16))
            self.receive(client, length) if length else None
            if option == 8:
                client.sendall(reply(8, 1))
            elif option == 10:
                client.sendall(reply(10, 4, b"\0\0\0\7base:allocation") + reply(10, 1))
            else:
                client.sendall(reply(7, 3, struct.pack(">HQH", 0, SIZE, 0x16D)) + reply(7, 1))
                return

    def lie(self, client, dice):
        cookies = []
        while True:
            head = self.receive(client, 28)
            _, _, command, cookie, offset, length = struct.unpack(">IHHQQI", head)
            if command == 1:
                self.receive(client, length)
            cookies.append(cookie)
            data = os.urandom(min(length, 4096))
            choice = dice.randrange(10)
            if choice == 0:
                return
            if choice == 1:
                client.sendall(os.urandom(dice.randrange(1, 100000)))
            elif choice == 2:
                client.sendall(struct.pack(">IIQ", 0x67446698, dice.choice((0, 5, 108, 2**32 - 1)), dice.choice(cookies) + dice.randrange(3)))
            elif choice == 3 and command == 0:  # the truth, now and then
                client.sendall(struct.pack(">IHHQIQ", 0x668E33EF, 1, 1, cookie, 8 + length, offset) + bytes(length))
            else:
                kind = dice.choice((0, 1, 2, 3, 5, 0x8001, 0x8002, 0x9000, 0x7000))
                size = dice.choice((0, 4, 6, 8, 12, 14, 100, len(data) + 8, 2**31, 2**32 - 1))
                place = struct.pack(">Q", dice.choice((offset, 0, 2**63, 2**64 - 1)))
                client.sendall(struct.pack(">IHHQI", 0x668E33EF, dice.randrange(2), kind, cookie, size)
                               + (place + data)[:min(size, 65536)])

    def close(self):
        self.socket.close()
