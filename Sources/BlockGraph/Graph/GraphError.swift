/// Why a graph could not become another one.
package struct GraphError: Error, Hashable, Sendable {
    /// What kind of refusal it is.
    package enum Code: String, Hashable, Sendable {
        /// A node could not be opened, or a file is not as it must be.
        case openFailed = "E0501"
        /// The driver is known and cannot be opened by this version.
        case notOpenable = "E0502"
        /// A file or device cannot be written.
        case readOnly = "E0503"
        /// Another process holds a lock.
        case locked = "E0504"
        /// A size or alignment does not fit.
        case size = "E0505"
        /// An address cannot be listened on.
        case address = "E0521"
        /// Not enough space.
        case noSpace = "E0507"
        /// Clients are connected and the change would cut or confuse them.
        case inUse = "E0611"
        /// Requests did not finish, or nodes not settle, before the drain's deadline.
        case drainTimeout = "E0801"
        /// Everything was prepared and the caller gave up (journal, newer files).
        case abandoned = "E0802"
        /// The live graph does not look like the wished one after a commit.
        case verifyFailed = "E0803"
        /// The daemon is ending.
        case shuttingDown = "E0804"
    }

    /// What kind of refusal it is.
    package let code: Code
    /// The object, such as `node/f`.
    package let object: String
    /// The option that is to blame, when there is one, such as `filename`.
    package let option: String?
    /// A sentence: what was tried, what was met, what may help.
    package let reason: String

    /// An error.
    package init(code: Code, object: String, option: String? = nil, reason: String) {
        self.code = code
        self.object = object
        self.option = option
        self.reason = reason
    }
}
