/// What became of a request: done, failed with a Linux error number, or parked.
///
/// A driver's `submit` returns one, so that no request can be forgotten: what is not answered is
/// parked, and who parks a request owes it one ``BlockRequest/finish(_:)``.
@frozen
package struct BlockStatus: RawRepresentable, Hashable, Sendable {
    /// 0 for done, a negative Linux error number, or `Int32.min` for parked.
    package let rawValue: Int32

    @inlinable
    package init(rawValue: Int32) { self.rawValue = rawValue }

    /// Answered, successfully.
    @inlinable package static var done: BlockStatus { BlockStatus(rawValue: 0) }
    /// Not answered yet; somebody below owes the answer.
    @inlinable package static var parked: BlockStatus { BlockStatus(rawValue: .min) }

    /// Answered with an error.
    ///
    /// - Parameter errorNumber: A positive Linux error number.
    /// - Returns: The status.
    @inlinable
    package static func failed(_ errorNumber: Int32) -> BlockStatus {
        BlockStatus(rawValue: -errorNumber)
    }

    /// Whether the answer is still owed.
    @inlinable package var isParked: Bool { rawValue == .min }
    /// The positive Linux error number, or 0.
    @inlinable package var errorNumber: Int32 { rawValue >= 0 || isParked ? 0 : -rawValue }
}
