internal import Glibc

/// A value behind a lock, for what several threads share; never on the data path.
///
/// `Synchronization.Mutex` would do, but its Linux form is a futex inside a library that the
/// thread sanitizer does not see, which then reports a race for each correct use.
// Not checked, because it holds pointers: `value` is touched only while `mutex` is held, and both
// pointers are constant.
package final class Locked<Value>: @unchecked Sendable {
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let value: UnsafeMutablePointer<Value>

    /// Puts a value behind a new lock.
    package init(_ value: sending Value) {
        mutex = .allocate(capacity: 1)
        mutex.initialize(to: pthread_mutex_t())
        let result = pthread_mutex_init(mutex, nil)
        precondition(result == 0, "no lock: \(SystemError.words(of: result))")
        self.value = .allocate(capacity: 1)
        self.value.initialize(to: value)
    }

    deinit {
        value.deinitialize(count: 1)
        value.deallocate()
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    /// Calls the body with the value while no other thread can; the body must not wait.
    package func withLock<Result, Failure: Error>(
        _ body: (inout sending Value) throws(Failure) -> sending Result
    ) throws(Failure) -> sending Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return try body(&value.pointee)
    }
}
