/// What a loop is made with.
package struct EventLoopConfiguration: Hashable, Sendable {
    /// Most entries a submission queue may have.
    package static let entryCountMax = 32_768

    /// Name of the loop and of its thread (the kernel keeps 15 bytes of it).
    package var name: String
    /// Submissions that fit between two turns; more are possible, at the price of a call.
    package var entryCount: Int
    /// Processor to which the thread is bound, or none.
    package var cpu: Int?
    /// Whether somebody waits for each of its turns, so that its thread shall run before threads
    /// that compute, where the kernel can be asked for that.
    package var isPrompt: Bool

    /// Describes a loop.
    package init(name: String, entryCount: Int = 256, cpu: Int? = nil, isPrompt: Bool = false) {
        precondition(
            (1...Self.entryCountMax).contains(entryCount),
            "a ring has 1 to \(Self.entryCountMax) entries, not \(entryCount)"
        )
        self.name = name
        self.entryCount = entryCount
        self.cpu = cpu
        self.isPrompt = isPrompt
    }
}
