import ArgumentParser
import ControlAPI
import Glibc

/// How to reach the daemon; the same for every command that talks to it.
struct ControlOptions: ParsableArguments {
    /// Variable that names the socket when no option does.
    static let variable = "SLUICE_CONTROL"

    @Option(
        name: .customLong("control"),
        help: ArgumentHelp("Control socket of the daemon.", valueName: "socket")
    )
    var control: String?

    /// Path of the socket on which to ask: a question at the default place goes to the socket that
    /// changes nothing, when there is one.
    func socket(for endpoint: ControlEndpoint) -> String {
        guard control == nil, environment(Self.variable) == nil, !endpoint.changes,
            let questions = Self.readOnlySocket(beside: socket), access(questions, F_OK) == 0
        else { return socket }
        return questions
    }

    /// The socket that only answers questions, beside a control socket of the usual name.
    static func readOnlySocket(beside control: String) -> String? {
        let usual = "/control.sock"
        guard control.hasSuffix(usual) else { return nil }
        return String(control.dropLast(usual.count)) + "/ro.sock"
    }

    /// Path of the control socket: option, variable, or the place for this user.
    var socket: String {
        if let control { return control }
        if let variable = environment(Self.variable) { return variable }
        guard geteuid() != 0, let runtime = environment("XDG_RUNTIME_DIR"), runtime.hasPrefix("/")
        else { return "/run/sluice/control.sock" }
        return runtime + "/sluice/control.sock"
    }
}

/// The value of an environment variable; `nil` when it is not set, or empty.
func environment(_ name: String) -> String? {
    guard let value = getenv(name) else { return nil }
    let text = String(cString: value)
    return text.isEmpty ? nil : text
}
