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
        subcommands: [
            ServeCommand.self, ValidateCommand.self, PlanCommand.self, ApplyCommand.self,
            ConfirmCommand.self, RollbackCommand.self, StatusCommand.self, ShowCommand.self,
            HistoryCommand.self, EventsCommand.self, WaitCommand.self, DriftCommand.self,
            HoldCommand.self, ResumeCommand.self, ReloadCommand.self, RetryCommand.self,
            GraphCommand.self, SchemaCommand.self, FmtCommand.self, DriversCommand.self,
            ExplainCommand.self, ManCommand.self, CompletionCommand.self, VersionCommand.self,
        ]
    )
}
