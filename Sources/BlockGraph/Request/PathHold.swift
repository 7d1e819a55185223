/// Keeps the path of a request busy while work goes on that outlives the request's answer.
///
/// So a drain waits for the work, and what it works with is not closed under it. Ended once.
package struct PathHold {
    private let path: Unmanaged<IOPath>?

    /// Holds the path of a request that is not answered yet.
    package init(of request: BlockRequest) {
        path = request.slot.pointee.path
        path?._withUnsafeGuaranteedRef { $0.workOutlives() }
    }

    /// Says that the work is over.
    package func release() { path?._withUnsafeGuaranteedRef { $0.requestFinished() } }
}
