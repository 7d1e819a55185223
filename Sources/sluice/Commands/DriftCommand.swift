import ArgumentParser
import ControlAPI
import GraphModel

/// `sluice drift`: where what is live differs from what the files declare.
struct DriftCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drift",
        abstract: "Shows what was changed behind the files' back, and by whom.",
        discussion: """
            Exit 0; with --detailed-exitcode 2: the files wish what is not live yet, 3: what is \
            live was changed behind their back.
            """
    )

    @Flag(name: .customLong("detailed-exitcode"), help: "End with 2, 3 or 4 when they differ.")
    var hasDetailedExitCode = false

    @OptionGroup var control: ControlOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let drift = try ask(.drift, of: control)
        let fields = drift["drift"]?.list ?? []
        let isPending = drift["pending"]?.flag == true
        switch output.format {
        case .json: Terminal.print(drift.prettyText)
        case .text: Terminal.print(text(fields, isPending, drift))
        }
        guard hasDetailedExitCode else { return }
        switch (isPending, !fields.isEmpty) {
        case (false, false): return
        case (true, false): throw ExitCode(2)
        case (false, true): throw ExitCode(3)
        case (true, true): throw ExitCode(4)
        }
    }

    private func text(_ fields: [JSONValue], _ isPending: Bool, _ drift: JSONValue) -> String {
        var lines = fields.map { field -> String in
            let place = [field["object"]?.text, field["field"]?.text].compactMap(\.self)
                .filter { !$0.isEmpty }.joined(separator: " ")
            guard field["state"]?.text == "changed" else {
                return "\(place)  \(field["state"]?.text ?? "")"
            }
            return "\(place)  \(plain(field["declared"])) -> \(plain(field["live"]))"
        }
        let actor = drift["actor"]?.text ?? ""
        if !lines.isEmpty {
            lines.append(
                "\(fields.count) fields differ from the files since "
                    + "@\(drift["generation"]?.integer ?? 0)"
                    + (actor.isEmpty ? "" : ", by \(actor)")
            )
        } else if !isPending {
            lines.append("No drift. What is live is what the files declare.")
        }
        let message = drift["message"]?.text ?? ""
        if isPending { lines.append("The files wish what is not live yet: sluice status") }
        if !message.isEmpty { lines.append(message) }
        return lines.joined(separator: "\n") + "\n"
    }

    private func plain(_ value: JSONValue?) -> String {
        guard let value, value != .null else { return "nothing" }
        return value.text ?? String(decoding: value.compactBytes, as: UTF8.self)
    }
}
