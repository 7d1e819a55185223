import GraphModel

/// One step of a plan, in the order in which the daemon goes.
package struct PlanStep: Hashable, Sendable {
    /// Phases of a transaction.
    package enum Phase: String, Hashable, Sendable {
        /// Open, connect and compute beside the live graph, requests running.
        case prepare
        /// Ask permissions and drivers.
        case check
        /// Wait until some exports hold no request.
        case drain
        /// Switch.
        case commit
        /// Close what left the graph.
        case close
        /// Compare the live graph with the wished one.
        case verify
    }

    /// Its phase.
    package let phase: Phase
    /// What it does, in a few words.
    package let what: String
    /// Objects that it is about.
    package let objects: [String]

    /// The step as JSON, with its number from 1.
    func json(number: Int) -> JSONValue {
        [
            "n": .integer(Int64(number)), "phase": .text(phase.rawValue), "what": .text(what),
            "objects": JSONValue(texts: objects),
        ]
    }
}
