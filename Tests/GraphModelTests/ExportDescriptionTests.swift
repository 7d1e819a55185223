import GraphModel
import Testing

@Suite("Descriptions of exports")
struct ExportDescriptionTests {
    private var export: ExportDescription {
        ExportDescription(
            name: "vm1",
            type: "nbd",
            node: "disk",
            listener: "",
            options: Options([("writable", .flag(true))])
        )
    }

    @Test("a copy that is changed leaves the one that it was made of as it was")
    func copies() {
        let first = export
        var second = first
        #expect(first == second)
        second.listener = "lan"
        second.options["writable"] = .flag(false)
        #expect(first == export)
        #expect(first.listener.isEmpty)
        #expect(first.isWritable)
        #expect(second.listener == "lan")
        #expect(!second.isWritable)
    }

    @Test("exports are the same when they say the same, and only then")
    func equality() {
        let changes: [(inout ExportDescription) -> Void] = [
            { $0.name = "other" }, { $0.type = "other" }, { $0.node = "other" },
            { $0.listener = "other" }, { $0.options["writable"] = nil },
        ]
        #expect(export.hashValue == export.hashValue)
        for change in changes {
            var changed = export
            change(&changed)
            #expect(changed != export)
        }
    }
}
