import Foundation
import Glibc

/// The least that can be called an NBD server: one file, one thread for each connection.
///
/// It knows no graph, no errors and no limits, batches as sluice does, and reads and writes the file
/// by plain system calls. It is no peer: it shows what this machine allows, and so what everything
/// that makes sluice useful costs.
struct BareServer {
    let file: Int32
    let bytes: UInt64

    /// The file at a path, open for reading and writing.
    init(imagePath: String) throws(BenchmarkError) {
        file = open(imagePath, O_RDWR | O_CLOEXEC)
        var status = stat()
        guard file >= 0, fstat(file, &status) == 0 else {
            throw BenchmarkError("cannot open \(imagePath): \(String(cString: strerror(errno)))")
        }
        bytes = UInt64(status.st_size)
    }

    /// Accepts connections until the process is ended.
    func serve(socketPath: String) throws(BenchmarkError) -> Never {
        let listener = try listen(at: socketPath)
        while true {
            let descriptor = accept(listener, nil, nil)
            guard descriptor >= 0 else { continue }
            let server = self
            Thread.detachNewThread {
                if server.negotiate(descriptor) {
                    BareConnection(descriptor: descriptor, file: server.file).run()
                }
                close(descriptor)
            }
        }
    }

    private func listen(at path: String) throws(BenchmarkError) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        guard path.utf8.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw BenchmarkError("socket path \(path) is too long")
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0)
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard bound == 0, Glibc.listen(descriptor, 16) == 0 else {
            throw BenchmarkError("cannot listen at \(path): \(String(cString: strerror(errno)))")
        }
        return descriptor
    }

    /// Fixed newstyle up to the transmission; false when the client leaves.
    private func negotiate(_ descriptor: Int32) -> Bool {
        // HAS_FLAGS, SEND_FLUSH, SEND_FUA, CAN_MULTI_CONN.
        let description = BigEndian.bytes(bytes) + BigEndian.bytes(UInt16(0x10d))
        send(descriptor, Array("NBDMAGICIHAVEOPT".utf8) + BigEndian.bytes(UInt16(3)))
        guard receive(descriptor, 4) != nil else { return false }
        while let header = receive(descriptor, 16) {
            let option = BigEndian.integer(header, at: 8, as: UInt32.self)
            let length = BigEndian.integer(header, at: 12, as: UInt32.self)
            guard length <= 4096, receive(descriptor, Int(length)) != nil else { return false }
            switch option {
            case 1:  // EXPORT_NAME
                send(descriptor, description)
                return true
            case 6, 7:  // INFO, GO
                answer(descriptor, option, 3, BigEndian.bytes(UInt16(0)) + description)
                answer(descriptor, option, 1, [])
                if option == 7 { return true }
            case 2:  // ABORT
                answer(descriptor, option, 1, [])
                return false
            default:
                answer(descriptor, option, 0x8000_0001, [])
            }
        }
        return false
    }

    private func answer(_ descriptor: Int32, _ option: UInt32, _ kind: UInt32, _ data: [UInt8]) {
        let head = BigEndian.bytes(0x0003_e889_0455_65a9 as UInt64) + BigEndian.bytes(option)
        send(
            descriptor,
            head + BigEndian.bytes(kind) + BigEndian.bytes(UInt32(data.count)) + data
        )
    }

    private func send(_ descriptor: Int32, _ bytes: [UInt8]) {
        // A client that left is found by the next receive.
        _ = Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }

    private func receive(_ descriptor: Int32, _ count: Int) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        let flags = Int32(MSG_WAITALL)
        return count == 0 || recv(descriptor, &bytes, count, flags) == count ? bytes : nil
    }
}
