/// What an apply did to clients, in numbers from the data path.
package struct Receipt: Hashable, Sendable {
    /// One export's numbers.
    package struct Export: Hashable, Sendable {
        /// The export's key.
        package var name: String
        /// Requests answered while the transaction ran.
        package var completed: UInt64
        /// Of them, answered with an error.
        package var failed: UInt64
        /// Requests that waited because of the drain.
        package var held: UInt64
        /// Longest time for which one of them waited, in nanoseconds.
        package var longestHeldNanoseconds: UInt64
        /// How long the export took no request, in nanoseconds; 0 without a drain.
        package var pauseNanoseconds: UInt64
    }

    /// Number of the commit; the number of the one before when nothing was to do.
    package var generation: UInt64
    /// Exports that were there before and after, by name.
    package var exports: [Export]
    /// Sentences about what did not close properly afterwards.
    package var warnings: [String]
}
