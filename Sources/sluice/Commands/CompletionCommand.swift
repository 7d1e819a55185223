import ArgumentParser

/// `sluice completion`: the script that completes commands and options in a shell.
struct CompletionCommand: ParsableCommand {
    /// Shells that are known.
    enum Shell: String, ExpressibleByArgument, CaseIterable {
        case bash, zsh, fish
    }

    static let configuration = CommandConfiguration(
        commandName: "completion",
        abstract: "Prints the completion script of a shell.",
        discussion: """
            bash  sluice completion bash > /usr/share/bash-completion/completions/sluice
            zsh   sluice completion zsh  > /usr/share/zsh/vendor-completions/_sluice
            fish  sluice completion fish > /usr/share/fish/vendor_completions.d/sluice.fish
            For one session: source <(sluice completion bash)
            """
    )

    @Argument(help: "bash, zsh or fish.")
    var shell: Shell

    func run() {
        let shell: CompletionShell =
            switch self.shell {
            case .bash: .bash
            case .zsh: .zsh
            case .fish: .fish
            }
        var script = Sluice.completionScript(for: shell)
        if script.last != "\n" { script += "\n" }
        Terminal.print(script)
    }
}
