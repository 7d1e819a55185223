"""NBD servers of others, and sluice itself, as servers that come and go under an `nbd` node."""
import pathlib
import signal
import socket
import subprocess

from sluice_daemon import wait_until


def state_of(thread):
    """The letter that stands behind the name in brackets."""
    return (thread / "stat").read_text().rpartition(")")[2].split()[0]


def stop(process):
    """Stops a process, each of its threads: one that is not told yet would still answer."""
    process.send_signal(signal.SIGSTOP)
    threads = pathlib.Path(f"/proc/{process.pid}/task")
    wait_until(lambda: all(state_of(thread) == "T" for thread in threads.iterdir()), 10, "the server stands still")


class Server:
    """One server process that can be killed, stopped for a while and started again."""

    def __init__(self, test, command, place):
        """`place` is the path of a Unix socket, or a TCP port on loopback."""
        self.command, self.place, self.process = [str(word) for word in command], place, None
        test.addCleanup(self.clean)

    def start(self):
        if isinstance(self.place, int):
            family, address = socket.AF_INET, ("127.0.0.1", self.place)
        else:
            family, address = socket.AF_UNIX, str(self.place)
            self.place.unlink(missing_ok=True)
        self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

        def listens():
            with socket.socket(family) as probe:
                return probe.connect_ex(address) == 0
        wait_until(listens, 10, f"{self.command[0]} listens")
        return self

    def kill(self):
        self.process.kill()
        self.process.wait()

    def freeze(self):
        stop(self.process)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)

    def clean(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def nbdkit(test, image, place, *words):
    where = ["-p", place, "-i", "127.0.0.1"] if isinstance(place, int) else ["-U", place]
    filters = [word for word in words if word.startswith("--")]
    return Server(test, ["nbdkit", "-f", *where, *filters, "file", image, *(set(words) - set(filters))], place)


def qemu_storage_daemon(test, image, place, driver="raw"):
    where = f"addr.type=unix,addr.path={place}"
    return Server(test, [
        "qemu-storage-daemon", "--blockdev", f"driver=file,node-name=f,filename={image}",
        "--blockdev", f"driver={driver},node-name=d,file=f", "--nbd-server", where,
        "--export", "type=nbd,id=e,node-name=d,name=disk,writable=on"], place)
