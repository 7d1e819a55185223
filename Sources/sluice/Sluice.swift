import ArgumentParser
import ControlAPI

/// The one binary: commands for people, and the daemon.
@main
struct Sluice: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sluice",
        abstract: "Serves disks that are described in YAML, and changes them while they serve.",
        discussion: """
            check the files:        sluice validate PATH
            see what would happen:  sluice plan PATH
            make it so:             sluice apply PATH
            see how it goes:        sluice status
            """,
        version: SluiceVersion.current,
        groupedSubcommands: [
            CommandGroup(
                name: "Change",
                subcommands: [
                    ValidateCommand.self, PlanCommand.self, FixCommand.self, ApplyCommand.self,
                    ConfirmCommand.self, RollbackCommand.self,
                ]
            ),
            CommandGroup(
                name: "Look",
                subcommands: [
                    StatusCommand.self, ShowCommand.self, GraphCommand.self, HistoryCommand.self,
                    EventsCommand.self, WaitCommand.self, DriftCommand.self,
                ]
            ),
            CommandGroup(
                name: "Daemon",
                subcommands: [
                    ServeCommand.self, ReloadCommand.self, RetryCommand.self, HoldCommand.self,
                    ResumeCommand.self,
                ]
            ),
            CommandGroup(name: "File", subcommands: [FmtCommand.self, SchemaCommand.self]),
            CommandGroup(
                name: "Reference",
                subcommands: [
                    DriversCommand.self, ExplainCommand.self, ManCommand.self,
                    CompletionCommand.self, VersionCommand.self,
                ]
            ),
        ]
    )
}
