internal import Glibc

/// A system call that failed where nothing can go on without it.
package struct SystemError: Error, Hashable, CustomStringConvertible {
    /// Linux error number, positive.
    package let number: Int32
    /// The call that gave it.
    package let call: String
    /// What was tried, what was met, what may help.
    package let sentence: String

    /// Describes a failed call; without a sentence the kernel's own words are used.
    package init(number: Int32, call: String, sentence: String? = nil) {
        self.number = abs(number)
        self.call = call
        self.sentence = sentence ?? "\(call) failed: \(Self.words(of: number))"
    }

    /// The kernel's words for an error number of either sign.
    package static func words(of number: Int32) -> String {
        // Thread-safe since glibc 2.32.
        guard let words = strerror(abs(number)) else { return "error \(abs(number))" }
        return String(cString: words)
    }

    /// Passes a result on and throws when it is a negative error number.
    @discardableResult
    package static func check(_ result: Int32, _ call: String) throws(SystemError) -> Int32 {
        guard result >= 0 else { throw SystemError(number: result, call: call) }
        return result
    }

    /// The sentence.
    package var description: String { sentence }
}
