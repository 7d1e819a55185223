import GraphModel

/// The whole manual.
enum ManualPages {
    /// All pages: commands, the language, drivers, findings.
    static var all: [ManualPage] { CommandManual.pages + [language, drivers, errors] }

    /// sluice.yaml(5).
    private static var language: ManualPage {
        var page = ManualPage("sluice.yaml", 5, "the configuration of sluice")
        page.section("DESCRIPTION")
        page.paragraphs(
            """
            A configuration is one YAML file, or a directory of files named *.yaml and *.yml. \
            All files together are one wished state; the order of files and keys means nothing. \
            Every document begins with sluice: 1. Keys that begin with x- are free for notes and \
            anchors.

            Anchors, aliases and merge keys (<<) work. Unknown keys, keys that stand twice, \
            wrong types and values out of range are errors, and all of them are reported in one \
            run of sluice validate.
            """
        )
        page.section("EXAMPLE")
        page.literal(example)
        page.section("VALUES")
        page.item("sizes", "Bytes, or a number with a unit: 512, 64KiB, 20GiB, 1TiB.")
        page.item("durations", "A number with a unit: 250ms, 2s, 5m.")
        page.item("flags", "true or false; on and off are taken as well, yes and no are not.")
        page.item(
            "names",
            "A letter, then letters, digits, -, _ and ., at most "
                + "\(ObjectName.lengthBytesMax) bytes. A node that is written inline is named "
                + "after its parent: parent.file."
        )
        for kind in ObjectKind.allCases where kind != .node {
            page.section("OPTIONS OF \(kind.titleWithArticle.uppercased())")
            for option in Catalog.options(of: kind) {
                page.items(of: option, cost: option.change)
            }
        }
        page.section("OPTIONS OF EVERY NODE")
        page.item("driver", "What the node does, required; all drivers are in sluice-drivers(7).")
        for option in Catalog.nodeOptions { page.items(of: option, cost: option.change) }
        page.section("PERMISSIONS")
        page.paragraphs(
            """
            Every user of a node uses some rights and shares some with its other users: R \
            consistent-read, W write, U write-unchanged, S resize. In short form RW/RWU means: \
            uses R and W, shares R, W and U; - is none. Two users of one node have to agree.
            """
        )
        page.seeAlso(["sluice(1)", "sluice-drivers(7)", "sluice-errors(7)"])
        return page
    }

    /// sluice-drivers(7).
    private static var drivers: ManualPage {
        var page = ManualPage("sluice-drivers", 7, "drivers of sluice's nodes")
        page.section("DESCRIPTION")
        page.paragraphs(
            """
            A node's driver says what it does, which children it has and which options it takes \
            beside those of every node. \(DriverReference.costs)
            """
        )
        for driver in Catalog.drivers {
            page.section(driver.name)
            page.paragraphs(driver.summary)
            page.literal(DriverReference.example(of: driver))
            if !driver.slots.isEmpty {
                page.subsection("Children")
                for slot in driver.slots {
                    page.item(slot.name, DriverReference.words(about: slot))
                }
            }
            if !driver.options.isEmpty {
                page.subsection("Options")
                for option in driver.options {
                    page.items(of: option, cost: Catalog.cost(of: option, driver: driver))
                }
            }
        }
        page.seeAlso(["sluice(1)", "sluice.yaml(5)"])
        return page
    }

    /// sluice-errors(7).
    private static var errors: ManualPage {
        var page = ManualPage("sluice-errors", 7, "codes of sluice's findings")
        page.section("DESCRIPTION")
        page.paragraphs(
            """
            Every finding bears a code. sluice explain CODE prints the same text. E01 is about \
            the text itself, E02 about options, E03 about names, E04 about the graph and its \
            permissions, E05 about the host, E06 about guards and protection, E07 about sources, \
            E08 about transactions; W is a warning.
            """
        )
        page.section("CODES")
        for finding in DiagnosticPage.all {
            page.item("\(finding.code)  \(finding.title)", finding.text)
        }
        page.seeAlso(["sluice(1)", "sluice.yaml(5)"])
        return page
    }

    private static let example = """
        sluice: 1
        listeners:
          local: {type: nbd, address: "unix:/run/sluice/nbd.sock"}
        nodes:
          disk: {driver: file, filename: disk.raw, create: {size: 10GiB}}
        exports:
          disk: {type: nbd, node: disk, writable: true}
        """
}

extension ManualPage {
    /// Adds an option, and those inside its value.
    fileprivate mutating func items(
        of option: OptionSpecification,
        cost: ChangeCost?,
        prefix: String = ""
    ) {
        item(prefix + option.key, DriverReference.words(about: option, cost: cost))
        for inner in DriverReference.inner(of: option.kind) {
            items(of: inner, cost: nil, prefix: "\(prefix)\(option.key).")
        }
    }
}
