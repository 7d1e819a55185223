/// The version of sluice; command line and daemon are one binary.
package enum SluiceVersion {
    /// Major, minor and patch.
    package static let current = "0.1.0"
}
