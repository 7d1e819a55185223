import BlockDrivers
import BlockGraph
import GraphModel
import RingLoop

/// An image over a file, opened as a transaction opens it, to be talked to on a bench.
enum ImageStack {
    /// Opens an image.
    ///
    /// - Throws: ``GraphError`` when it is refused; nothing is left open then.
    static func open(
        _ path: String,
        isReadOnly: Bool = false,
        options: [(String, OptionValue)] = [],
        fileOptions: [(String, OptionValue)] = []
    ) throws -> NodeStack {
        let mode = [("read-only", OptionValue.flag(isReadOnly))]
        var stack = try NodeStack([fileNode(path, mode + fileOptions)])
        guard let file = stack.entries.first else { return stack }
        var description = node("qcow2", mode + options, over: "file")
        description.emptySlots = ["backing"]
        let plan = ChildAccessPlan([("file", file.description, file.node)])
        do {
            let opened = try Qcow2DriverKind().open(
                DriverOpening(
                    node: description,
                    children: ["file": file.limits],
                    masks: NodeStack.writer,
                    baseDirectory: "/",
                    access: plan
                )
            )
            try opened.node.begin(over: plan)
            stack.entries.append(
                NodeStack.Entry(
                    description: description,
                    node: opened.node,
                    limits: try opened.node.limits(over: ["file": file.limits]),
                    creation: opened.creation
                )
            )
        } catch {
            stack.close()
            throw error
        }
        return stack
    }

    /// Writes what an open image holds in memory, as a transaction does before it goes.
    ///
    /// It waits for the image's loop, so that it must not be on it.
    @concurrent
    static func settle(_ stack: NodeStack) async throws {
        guard let image = stack.entries.last, let file = stack.entries.first else { return }
        try image.node.settle(
            over: ChildAccessPlan([("file", file.description, file.node)])
        )
    }
}
