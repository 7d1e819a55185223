import BlockGraph
import GraphModel
import Testing

/// A server that lies, and what must come of it: one line of suite I of the reliability programme.
struct HostileServer: Sendable, CustomTestStringConvertible {
    /// What a client may be told of a server that lies.
    enum Outcome: Sendable {
        /// Opening is refused, with these words behind the name of the server.
        case refusal(String)
        /// The command fails with `EIO`, as nothing else.
        case failure
        /// What it says is strange, and allowed or harmless.
        case service
    }

    let testDescription: String
    let outcome: Outcome
    var operation = BlockOperation.read
    /// How long opening keeps trying, in milliseconds; 0 tries once.
    var patience: Int64 = 0
    let script: ServerScript

    static let all = greetings + options + terms + readings + otherCommands

    /// A lie in the handshake.
    static func opening(
        _ title: String,
        _ outcome: Outcome,
        patience: Int64 = 0,
        _ change: (inout ServerScript) -> Void
    ) -> Self {
        var script = ServerScript()
        change(&script)
        return Self(
            testDescription: title,
            outcome: outcome,
            patience: patience,
            script: script
        )
    }

    /// A lie in the answer to one option; nothing hangs up.
    static func option(
        _ number: UInt32,
        _ title: String,
        _ outcome: Outcome,
        patience: Int64 = 0,
        _ lie: @escaping @Sendable ([UInt8]) -> [UInt8]?
    ) -> Self {
        opening("option \(number): \(title)", outcome, patience: patience) {
            $0.answer = { option, honest in option == number ? lie(honest) : honest }
        }
    }

    /// A lie in the answer to a command; nothing hangs up.
    static func command(
        _ operation: BlockOperation,
        _ title: String,
        _ outcome: Outcome = .failure,
        isStructured: Bool = true,
        _ lie: @escaping @Sendable (ServerCommand, [UInt8]) -> [UInt8]?
    ) -> Self {
        var script = ServerScript()
        script.isStructured = isStructured
        script.reply = lie
        return Self(
            testDescription: "\(operation): \(title)",
            outcome: outcome,
            operation: operation,
            script: script
        )
    }
}
