import ArgumentParser
import Glibc
import Reconciliation

/// How `plan` prints its result.
enum PlanOutputFormat: String, ExpressibleByArgument, CaseIterable {
    /// For people; may change with any version.
    case text
    /// For programs; additions only.
    case json
    /// For a comment of a pull request.
    case markdown
    /// Annotations that GitHub shows beside the lines.
    case github
}

/// How `validate` prints its result.
enum CheckOutputFormat: String, ExpressibleByArgument, CaseIterable {
    /// For people; may change with any version.
    case text
    /// For programs; additions only.
    case json
    /// Annotations that GitHub shows beside the lines.
    case github
}

/// When output is coloured.
enum ColourChoice: String, ExpressibleByArgument, CaseIterable {
    /// On a terminal that wants it.
    case auto
    /// Always.
    case always
    /// Never.
    case never
}

/// The option that says when output is coloured.
struct ColourOptions: ParsableArguments {
    @Option(help: "auto, always or never; NO_COLOR and CLICOLOR_FORCE are honoured by auto.")
    var color: ColourChoice = .auto

    /// Makes the choice hold for all that this process writes.
    func take() {
        // What writes asks the environment, where both variables say the same as the option.
        switch color {
        case .auto: return
        case .always: setenv("CLICOLOR_FORCE", "1", 1)
        case .never:
            unsetenv("CLICOLOR_FORCE")
            setenv("NO_COLOR", "1", 1)
        }
    }
}

/// Size of the terminal that standard output is.
enum TerminalSize {
    /// Cells and lines; `nil` when it is no terminal.
    static var current: (columns: Int, rows: Int)? {
        var size = winsize()
        guard isatty(STDOUT_FILENO) == 1, ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0,
            size.ws_col > 0
        else { return nil }
        return (Int(size.ws_col), Int(size.ws_row))
    }
}
