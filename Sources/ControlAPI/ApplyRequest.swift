package import GraphModel

/// A configuration that a person hands to the daemon, with what they allow.
package struct ApplyRequest: Hashable, Sendable {
    /// One file as the command line read it, with the rights of who runs the command.
    package struct File: Hashable, Sendable {
        /// Path as the user named it, for diagnostics.
        package let path: String
        /// Its text.
        package let text: String

        /// A file.
        package init(path: String, text: String) {
            self.path = path
            self.text = text
        }
    }

    /// All files of the configuration.
    package var files: [File]
    /// Absolute directory that relative file names start from.
    package var baseDirectory: String
    /// Names of objects that may be removed although a guard protects them.
    package var allowRemove: [String]
    /// Longest wait for requests in flight, in nanoseconds; the daemon's own when absent.
    package var drainTimeoutNanoseconds: UInt64?
    /// Identity of the plan that was shown; another plan is refused as stale.
    package var plan: String?
    /// How long the change may wait for a confirmation before it goes back, in seconds.
    package var confirmSeconds: UInt64?
    /// A saved plan, as it stands in its file, that is run instead of files.
    package var savedPlan: String?

    /// A request.
    package init(
        files: [File],
        baseDirectory: String,
        allowRemove: [String] = [],
        drainTimeoutNanoseconds: UInt64? = nil,
        plan: String? = nil,
        confirmSeconds: UInt64? = nil,
        savedPlan: String? = nil
    ) {
        self.files = files
        self.baseDirectory = baseDirectory
        self.allowRemove = allowRemove
        self.drainTimeoutNanoseconds = drainTimeoutNanoseconds
        self.plan = plan
        self.confirmSeconds = confirmSeconds
        self.savedPlan = savedPlan
    }

    private static let format = "sluice.apply/1"

    /// The request as JSON.
    package var json: JSONValue {
        var members: [JSONValue.Member] = [
            .init("format", .text(Self.format)),
            .init("files", .list(files.map { ["path": .text($0.path), "text": .text($0.text)] })),
            .init("baseDirectory", .text(baseDirectory)),
            .init("allowRemove", JSONValue(texts: allowRemove)),
        ]
        if let drainTimeoutNanoseconds {
            let value = Int64(clamping: drainTimeoutNanoseconds)
            members.append(.init("drainTimeoutNanoseconds", .integer(value)))
        }
        if let plan { members.append(.init("plan", .text(plan))) }
        if let confirmSeconds {
            let value = Int64(clamping: confirmSeconds)
            members.append(.init("confirmSeconds", .integer(value)))
        }
        if let savedPlan { members.append(.init("savedPlan", .text(savedPlan))) }
        return .object(members)
    }

    /// Reads the form that ``json`` writes; `nil` when it is another.
    package init?(json: JSONValue) {
        guard json["format"]?.text == Self.format, let list = json["files"]?.list,
            let baseDirectory = json["baseDirectory"]?.text, baseDirectory.hasPrefix("/")
        else { return nil }
        var files: [File] = []
        for entry in list {
            guard let path = entry["path"]?.text, let text = entry["text"]?.text else { return nil }
            files.append(File(path: path, text: text))
        }
        self.init(
            files: files,
            baseDirectory: baseDirectory,
            allowRemove: (json["allowRemove"]?.list ?? []).compactMap(\.text),
            drainTimeoutNanoseconds: json["drainTimeoutNanoseconds"]?.integer.map {
                UInt64(clamping: $0)
            },
            plan: json["plan"]?.text,
            confirmSeconds: json["confirmSeconds"]?.integer.map { UInt64(clamping: $0) },
            savedPlan: json["savedPlan"]?.text
        )
    }
}
