/// Watches files and directories of documents, and says when it is time to look again.
///
/// One thread of the process calls the library for all watchers; it is never torn down. Make the
/// first watcher before any other file is opened.
package struct DocumentWatcher: Sendable {
    /// One element when the watches stand, then one for each burst of changes; the newest is kept
    /// when nobody listens.
    package let signals: AsyncStream<WatchSignal>
    private let identifier: Int
    private let thread: WatchThread

    /// Starts watching.
    ///
    /// - Parameters:
    ///   - sources: Absolute paths of files and directories; they need not exist yet.
    ///   - times: When a burst of changes ends.
    /// - Throws: ``WatchError`` when the kernel gives no queue.
    package init(sources: [String], times: Debounce.Times = Debounce.Times()) throws(WatchError) {
        let (stream, continuation) = AsyncStream.makeStream(
            of: WatchSignal.self,
            bufferingPolicy: .bufferingNewest(1)
        )
        signals = stream
        (thread, identifier) = try WatchThread.serve(
            Watcher(sources: sources, times: times, continuation: continuation)
        )
    }

    /// Ends the signals within a second; the thread stays.
    package func stop() { thread.remove(identifier) }
}

/// What a watcher wants of the thread.
struct Watcher {
    let sources: [String]
    let times: Debounce.Times
    let continuation: AsyncStream<WatchSignal>.Continuation
}
