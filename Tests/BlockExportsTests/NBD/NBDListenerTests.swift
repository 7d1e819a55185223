import BlockGraph
import GraphModel
import Glibc
import RingLoop
import Simulation
import Testing

@testable import BlockExports

@Suite("NBD listeners", .serialized)
struct NBDListenerTests {
    private func change(_ options: [(String, OptionValue)]) -> ExportChange {
        var graph = GraphDescription()
        graph.listeners["l"] = ListenerDescription(
            name: "l",
            options: Options([("type", .text("nbd"))] + options)
        )
        return ExportChange(
            live: .init(),
            desired: graph,
            affected: [],
            limits: [:],
            baseDirectory: "/tmp"
        )
    }

    private func refusal(_ options: [(String, OptionValue)]) throws -> GraphError? {
        let loop = try EventLoop(configuration: EventLoopConfiguration(name: "test"))
        do throws(GraphError) {
            try NBDService(loop: loop).prepare(change(options)).abort()
            return nil
        } catch {
            return error
        }
    }

    @Test(
        "an address that is none is refused",
        arguments: ["", "unix:", "tcp:", "tcp:host", "tcp:host:99999", "tcp::1", "udp:a:1"]
    )
    func badAddress(text: String) throws {
        #expect(try refusal([("address", .text(text))])?.option == "address")
    }

    @Test("a listener with TLS is refused, and the reason says why")
    func tls() throws {
        let found = try refusal([
            ("address", .text("unix:/tmp/x.sock")), ("tls", .mapping(Options())),
        ])
        #expect(found?.option == "tls")
        #expect(found?.reason.contains("not supported") == true)
    }

    @Test("a socket's file has the wished mode, a stale one is replaced, an abort removes it")
    func socketFile() throws {
        let path = "/tmp/sluice-nbd-listener-\(getpid()).sock"
        unlink(path)
        let address = try NBDAddress("unix:" + path, listener: "l", baseDirectory: "/")
        let stale = try NBDSocket.bindUnix(path: path, mode: 0o600)
        close(stale)
        let listener = try NBDListener(
            name: "l",
            address: address,
            mode: 0o660,
            clientCountMax: 1
        )
        var facts = stat()
        #expect(lstat(path, &facts) == 0)
        #expect(facts.st_mode & 0o777 == 0o660)
        listener.close()
        #expect(lstat(path, &facts) != 0)
    }

    @Test("a socket at which somebody answers is not taken away")
    func livingSocket() throws {
        let disk = try ServedDisk()
        let client = try RawClient(disk.socketPath)
        try client.enter()
        #expect(try refusal([("address", .text("unix:" + disk.socketPath))])?.code == .address)
        client.send(RawClient.command(3, cookie: 1))
        #expect(try client.reply() == (0, 1))
    }

    @Test("a file that is no socket is not taken away")
    func plainFile() throws {
        let path = "/tmp/sluice-nbd-file-\(getpid())"
        close(open(path, O_CREAT | O_WRONLY, 0o600))
        defer { unlink(path) }
        #expect(try refusal([("address", .text("unix:" + path))])?.code == .address)
        #expect(access(path, F_OK) == 0)
    }

    @Test("clients beyond the limit are sent away, and a place that is left can be taken")
    func limit() {
        let door = NBDDoor(limit: 2)
        var places = [door.admit(), door.admit()]
        #expect(door.admit() == nil)
        places.removeLast()
        #expect(door.admit() != nil)
    }
}
