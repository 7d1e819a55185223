import ArgumentParser
import GraphModel

/// Pages of commands, made from what the parser of arguments knows: the same as `--help` shows.
enum CommandManual {
    /// A page for the program, and one for each command.
    static var pages: [ManualPage] {
        guard let root = description else { return [] }
        let commands = (root["subcommands"]?.list ?? []).filter {
            $0["shouldDisplay"]?.flag != false && $0["commandName"]?.text != "help"
        }
        return [program(root, commands)] + commands.map(page)
    }

    /// All that the parser knows.
    private static var description: JSONValue? {
        // What the library writes about itself is JSON; the tests read every page.
        (try? JSONValue(json: Array(Sluice._dumpHelp().utf8)))?["command"]
    }

    private static func program(_ root: JSONValue, _ commands: [JSONValue]) -> ManualPage {
        var page = ManualPage("sluice", 1, root["abstract"]?.text ?? "")
        page.section("SYNOPSIS")
        page.paragraphs("sluice COMMAND [OPTION...] [ARGUMENT...]")
        page.section("DESCRIPTION")
        page.paragraphs(
            """
            sluice serves disks that are described in YAML. It compares the files with what is \
            live, plans one ordered transaction, says what each client will notice, and applies \
            it while requests go on. If anything conflicts, nothing changes.

            The same binary is the daemon (sluice serve) and every command.
            """
        )
        page.section("COMMANDS")
        for command in commands {
            let name = command["commandName"]?.text ?? ""
            let aliases = command["aliases"]?.list?.compactMap(\.text) ?? []
            page.item(
                ([name] + aliases).joined(separator: ", "),
                command["abstract"]?.text ?? ""
            )
        }
        page.section("ENVIRONMENT")
        page.item("SLUICE_CONTROL", "Control socket of the daemon, when --control does not say.")
        page.item("SLUICE_ASCII", "1: only ASCII is printed.")
        page.item("NO_COLOR", "Not empty: no colour.")
        page.item("CLICOLOR_FORCE", "Not empty and not 0: colour, also where no terminal is.")
        page.item("XDG_RUNTIME_DIR", "Where an ordinary user's control socket is, below sluice/.")
        page.section("FILES")
        page.item("/etc/sluice/graph.d/*.yaml", "Usual place of configurations.")
        page.item("/run/sluice/control.sock", "Control socket.")
        page.item("/run/sluice/ro.sock", "Answers questions and changes nothing; group sluice-ro.")
        page.item("/var/lib/sluice", "State that survives a restart.")
        page.section("EXIT STATUS")
        for (code, meaning) in ExitCodes.all { page.item(String(code), meaning) }
        page.seeAlso(
            commands.compactMap { $0["commandName"]?.text.map { "sluice-\($0)(1)" } }
                + ["sluice.yaml(5)", "sluice-drivers(7)", "sluice-errors(7)"]
        )
        return page
    }

    private static func page(_ command: JSONValue) -> ManualPage {
        let name = command["commandName"]?.text ?? ""
        var page = ManualPage("sluice-\(name)", 1, command["abstract"]?.text ?? "")
        let arguments = (command["arguments"]?.list ?? []).filter {
            $0["shouldDisplay"]?.flag != false
        }
        page.section("SYNOPSIS")
        page.paragraphs(
            (["sluice \(name)"] + arguments.filter { !isGeneral($0) }.map(synopsis))
                .joined(separator: " ")
        )
        page.section("DESCRIPTION")
        page.paragraphs(command["abstract"]?.text ?? "")
        if let discussion = command["discussion"]?.text {
            page.body(discussion)
        }
        page.section("OPTIONS")
        for argument in arguments {
            var about = argument["abstract"]?.text ?? ""
            if let value = argument["defaultValue"]?.text { about += " Default: \(value)." }
            page.item(term(of: argument), about)
        }
        let aliases = command["aliases"]?.list?.compactMap(\.text) ?? []
        if !aliases.isEmpty {
            page.section("ALIASES")
            page.paragraphs(aliases.map { "sluice \($0)" }.joined(separator: ", "))
        }
        page.section("EXIT STATUS")
        page.paragraphs("The codes of all commands are in sluice(1).")
        page.seeAlso(["sluice(1)", "sluice.yaml(5)"])
        return page
    }

    /// Whether every command has the option.
    private static func isGeneral(_ argument: JSONValue) -> Bool {
        ["help", "version"].contains(argument["preferredName"]?["name"]?.text)
    }

    private static func synopsis(_ argument: JSONValue) -> String {
        let value = (argument["valueName"]?.text ?? "").uppercased()
        let dots = argument["isRepeating"]?.flag == true ? "..." : ""
        var text: String
        switch argument["kind"]?.text {
        case "positional": text = value + dots
        case "flag": text = names(of: argument).last ?? ""
        default: text = "\(names(of: argument).last ?? "") \(value)"
        }
        if argument["isOptional"]?.flag != false { text = "[\(text)]" }
        return argument["kind"]?.text == "positional" ? text : text + dots
    }

    /// Names of an option, short ones first.
    private static func names(of argument: JSONValue) -> [String] {
        (argument["names"]?.list ?? []).compactMap { name in
            name["name"]?.text.map { name["kind"]?.text == "short" ? "-\($0)" : "--\($0)" }
        }.sorted { $0.count < $1.count }
    }

    private static func term(of argument: JSONValue) -> String {
        let value = (argument["valueName"]?.text ?? "").uppercased()
        let names = names(of: argument).joined(separator: ", ")
        switch argument["kind"]?.text {
        case "positional": return value
        case "flag": return names
        default: return "\(names) \(value)"
        }
    }
}

extension ManualPage {
    /// Adds a command's discussion: lines of columns stay lines, the rest flows.
    fileprivate mutating func body(_ discussion: String) {
        var flowing: [String] = []
        var columns: [String] = []
        func isColumns(_ line: String) -> Bool { line.contains("  ") }
        mutatingFlush: for line in discussion.split(
            separator: "\n",
            omittingEmptySubsequences: false
        ).map(String.init) + [""] {
            if isColumns(line) {
                if !flowing.isEmpty { paragraphs("\n" + flowing.joined(separator: "\n")) }
                flowing = []
                columns.append(line)
                continue mutatingFlush
            }
            if !columns.isEmpty { literal(columns.joined(separator: "\n")) }
            columns = []
            if line.isEmpty {
                if !flowing.isEmpty { paragraphs("\n" + flowing.joined(separator: "\n")) }
                flowing = []
            } else {
                flowing.append(line)
            }
        }
    }
}
