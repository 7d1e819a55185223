internal import BlockGraph
internal import CLinux
internal import Glibc
internal import RingLoop

/// A socket that clients connect to; bound when it is made, accepting from ``open(on:)``.
///
/// ```
/// bound --open(on:)--> accepting --close()--> closed
///   `------------------ close() ---------------'
/// ```
final class NBDListener: Sendable {
    /// Where it listens.
    let address: NBDAddress
    /// How many clients may be connected.
    let door: NBDDoor
    private let fd: Int32
    private let identity: NBDSocket.FileIdentity?
    private let reception = Locked<NBDReception?>(nil)

    /// Binds the address, so that one that is taken is refused here.
    ///
    /// - Parameters:
    ///   - name: The listener's name, for errors.
    ///   - address: Where.
    ///   - mode: Rights of a Unix socket's file.
    ///   - clientCountMax: Most clients at a time.
    /// - Throws: ``GraphError`` when the address cannot be had, with the remedy.
    init(
        name: String,
        address: NBDAddress,
        mode: UInt32,
        clientCountMax: Int
    ) throws(GraphError) {
        self.address = address
        door = NBDDoor(limit: clientCountMax)
        do throws(NBDSocket.Failure) {
            switch address {
            case .unix(let path):
                try Self.removeStaleFile(path)
                fd = try NBDSocket.bindUnix(path: path, mode: mode)
                identity = NBDSocket.identity(path: path)
            case .tcp(let host, let port):
                fd = try NBDSocket.bindTCP(host: host, port: port)
                identity = nil
            }
        } catch {
            throw GraphError(
                code: .address,
                object: "listener/\(name)",
                option: "address",
                reason: "cannot listen on \(address): \(Self.sentence(error))"
            )
        }
    }

    private static func removeStaleFile(_ path: String) throws(NBDSocket.Failure) {
        guard NBDSocket.identity(path: path) != nil else { return }
        guard !NBDSocket.answers(path: path) else {
            throw NBDSocket.Failure(call: "bind", number: EADDRINUSE)
        }
        unlink(path)
    }

    private static func sentence(_ failure: NBDSocket.Failure) -> String {
        let remedy =
            switch failure.number {
            case EADDRINUSE:
                "; another program answers there (or a file that is no socket is in the way): "
                    + "stop it, or choose another address"
            case ENOENT: "; make the directory of the socket, or check the host's name"
            case EACCES: "; the daemon's user may not do that: check directory rights and port"
            default: ""
            }
        return failure.words + remedy
    }

    /// Gives a Unix socket's file other rights; a wish, for clients to come.
    func setMode(_ mode: UInt32) {
        guard case .unix(let path) = address, NBDSocket.identity(path: path) == identity else {
            return
        }
        chmod(path, mode)
    }

    /// Takes clients from now on.
    func open(on loop: EventLoop, directory: ExportDirectory) {
        if case .unix = address { listen(fd, NBDSocket.backlog) }
        let reception = NBDReception(
            fd: fd,
            loop: loop,
            door: door,
            catalogue: ExportDirectory.View(directory: directory, address: address),
            isTCP: identity == nil
        )
        self.reception.withLock { $0 = reception }
        loop.post { reception.acceptNext() }
    }

    /// Takes no client any more and ends handshakes; clients that are served stay.
    func close() {
        if case .unix(let path) = address, let identity,
            NBDSocket.identity(path: path) == identity
        {
            unlink(path)
        }
        let reception = reception.withLock { reception in
            defer { reception = nil }
            return reception
        }
        guard let reception else {
            _ = clinux_close(fd)
            return
        }
        if !reception.loop.post({ reception.close() }) { _ = clinux_close(fd) }
    }
}
