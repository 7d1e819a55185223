import Reconciliation

/// A configuration made for measuring: chains of four nodes, each under an export.
struct GeneratedConfiguration {
    /// Nodes below each export.
    static let chainNodes = 4

    /// Its files.
    let texts: [ConfigurationText]
    /// Its nodes.
    let nodeCount: Int

    /// Makes a configuration.
    ///
    /// - Parameters:
    ///   - nodeCount: Nodes, rounded down to whole chains.
    ///   - fileCount: Files that the chains are spread over.
    ///   - changedChains: Chains whose nodes differ from those of a configuration without changes.
    init(nodeCount: Int, fileCount: Int, changedChains: Int = 0) {
        let chains = max(1, nodeCount / Self.chainNodes)
        let files = max(1, min(fileCount, chains))
        var texts: [ConfigurationText] = []
        for file in 0..<files {
            let range = (file * chains / files)..<((file + 1) * chains / files)
            texts.append(
                ConfigurationText(
                    path: "vm\(file).yaml",
                    bytes: Self.text(of: range, isFirst: file == 0, changedChains: changedChains)
                )
            )
        }
        self.texts = texts
        self.nodeCount = chains * Self.chainNodes
    }

    /// Its size in bytes.
    var lengthBytes: Int { texts.reduce(0) { $0 + $1.bytes.count } }

    private static func text(of chains: Range<Int>, isFirst: Bool, changedChains: Int) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(chains.count * 680 + 200)
        text += "sluice: 1\n".utf8
        if isFirst {
            text += "throttle-groups:\n  gold: {iops-total: 20000, bps-total: 400MiB}\n".utf8
            text +=
                "listeners:\n  local: {type: nbd, address: \"unix:/run/sluice/nbd.sock\"}\n"
                .utf8
        }
        text += "nodes:\n".utf8
        for chain in chains {
            let name = "vm\(chain)"
            let folder = chain < changedChains ? "moved" : "images"
            text +=
                """
                  \(name)-file:
                    driver: file
                    filename: /srv/\(folder)/\(name).qcow2
                    cache: {direct: true}
                  \(name)-format:
                    driver: qcow2
                    file: \(name)-file
                    backing: null
                  \(name)-fill:
                    driver: copy-on-read
                    file: \(name)-format
                  \(name):
                    driver: throttle
                    throttle-group: gold
                    file: \(name)-fill

                """.utf8
        }
        text += "exports:\n".utf8
        for chain in chains {
            text +=
                """
                  vm\(chain):
                    type: nbd
                    node: vm\(chain)
                    listener: local
                    writable: true

                """.utf8
        }
        return text
    }
}
