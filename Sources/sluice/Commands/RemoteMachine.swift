import ArgumentParser
import ControlAPI
import Glibc
import GraphModel
import Reconciliation

/// Another machine whose live graph is looked at over SSH: `ssh://[user@]host[:port][/socket]`.
struct RemoteMachine: ExpressibleByArgument {
    /// Largest answer that is taken, in bytes.
    private static let answerBytesMax = ControlLimits.answerBytesMax

    private let host: String
    private let port: UInt16?
    private let socket: String?

    init?(argument: String) {
        let scheme = "ssh://"
        guard argument.hasPrefix(scheme) else { return nil }
        let rest = argument.dropFirst(scheme.count)
        let place = rest.prefix { $0 != "/" }
        socket = place.endIndex == rest.endIndex ? nil : String(rest[place.endIndex...])
        // A name that begins with a dash would be an option of ssh.
        let isSafe = place.unicodeScalars.allSatisfy {
            $0.isASCII && $0.value > 0x20 && !"'\"\\$`;&|<>".unicodeScalars.contains($0)
        }
        guard isSafe, !place.hasPrefix("-"), !place.isEmpty else { return nil }
        let colon = place.lastIndex(of: ":")
        let digits = colon.map { place[place.index(after: $0)...] }
        if let digits {
            guard let port = UInt16(digits) else { return nil }
            self.port = port
        } else {
            port = nil
        }
        host = String(colon.map { place[..<$0] } ?? place)
        guard !host.isEmpty else { return nil }
    }

    /// Asks `sluice show` there, which changes nothing.
    func live() throws(LiveGraphError) -> LiveGraphSource {
        let (bytes, status) = try run()
        guard status == 0 else {
            throw LiveGraphError(
                "E0701",
                "\(host) did not say what is live there: `\(words.joined(separator: " "))` ended "
                    + "with \(status)",
                .unreachable
            )
        }
        return try LiveGraphSource.dump(bytes, host)
    }

    private var words: [String] {
        var words = ["ssh"]
        if let port { words += ["-p", String(port)] }
        words += ["--", host, "sluice", "show", "-o", "json"]
        // What follows the host is read by a shell there.
        if let socket { words += ["--control", quoted(socket)] }
        return words
    }

    private func quoted(_ word: String) -> String {
        "'" + word.replacing("'", with: "'\\''") + "'"
    }

    /// Runs the command; what it says besides goes where this command's own errors go.
    private func run() throws(LiveGraphError) -> (bytes: [UInt8], status: Int32) {
        guard let stream = popen(words.map(quoted).joined(separator: " "), "re") else {
            throw LiveGraphError(
                "E0701",
                "ssh cannot be run: \(String(cString: strerror(errno)))",
                .unreachable
            )
        }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while bytes.count <= Self.answerBytesMax {
            let count = fread(&buffer, 1, buffer.count, stream)
            guard count > 0 else { break }
            bytes += buffer[..<count]
        }
        let status = pclose(stream)
        return (bytes, status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + status & 0x7F)
    }
}
