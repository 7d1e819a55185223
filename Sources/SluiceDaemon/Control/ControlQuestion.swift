package import ControlAPI
internal import Glibc
internal import RingLoop

/// A question on the control socket.
package struct ControlQuestion: Sendable {
    /// What is asked.
    package let endpoint: ControlEndpoint
    /// Values that it carries in its address.
    package let query: ControlQuery
    /// What comes with it.
    package let body: [UInt8]
    /// Who asks.
    let peer: ControlPeer
    /// Whether the asker is gone.
    let abandonment: Abandonment
}

/// An answer to a question on the control socket.
package struct ControlAnswer: Sendable {
    /// What is answered.
    package enum Body: Sendable {
        /// JSON, or a sentence when the status is not 200.
        case whole([UInt8])
        /// Lines of JSON, as they come.
        case lines(AsyncStream<[UInt8]>)
    }

    /// HTTP status code.
    package let status: Int
    /// What is answered.
    package let body: Body

    /// An answer.
    package init(status: Int = 200, body: Body) {
        self.status = status
        self.body = body
    }
}

/// The process at the other end of the control socket.
struct ControlPeer: Hashable, Sendable {
    let process: Int32
    let user: UInt32

    /// The process for people, as `uid 0 python3[8121]`.
    var words: String { "uid \(user) \(command)[\(process)]" }

    /// Its short name; a question mark when it is gone.
    private var command: String {
        guard let file = fopen("/proc/\(process)/comm", "re") else { return "?" }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 64)
        guard fgets(&line, CInt(line.count), file) != nil else { return "?" }
        return String(
            decoding: line.prefix { $0 > 31 }.map { UInt8(bitPattern: $0) },
            as: UTF8.self
        )
    }
}

/// Whether who asked for something does not want it any more.
final class Abandonment: Sendable {
    private struct State: Sendable {
        var isSet = false
        var actions: [@Sendable () -> Void] = []
    }

    private let state = Locked(State())

    /// Says that it is not wanted any more.
    func set() {
        let actions = state.withLock { state in
            defer { state = State(isSet: true) }
            return state.actions
        }
        for action in actions { action() }
    }

    /// Whether it is not wanted any more.
    var isSet: Bool { state.withLock { $0.isSet } }

    /// Has something done when it is not wanted any more, at once when that is so already.
    func whenSet(_ action: @escaping @Sendable () -> Void) {
        let isSet = state.withLock { state in
            if !state.isSet { state.actions.append(action) }
            return state.isSet
        }
        if isSet { action() }
    }
}
