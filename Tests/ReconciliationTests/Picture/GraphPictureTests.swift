import GraphModel
import Reconciliation
import Testing

private let before = """
    sluice: 1
    throttle-groups: {gold: {iops-total: 100}}
    listeners: {l: {type: nbd, address: "unix:nbd.sock"}}
    nodes:
      base: {driver: file, filename: base.img, read-only: true}
      disk: {driver: qcow2, file: {driver: file, filename: d.qcow2}, backing: base}
      slow: {driver: throttle, throttle-group: gold, file: disk}
      old: {driver: null-co}
    exports:
      e: {type: nbd, node: slow, writable: true}
      gone: {type: nbd, node: old}
    """

/// The same with an overlay, an option and a group changed, an export and its node gone.
private let after = """
    sluice: 1
    throttle-groups: {gold: {iops-total: 200}}
    listeners: {l: {type: nbd, address: "unix:nbd.sock"}}
    nodes:
      base: {driver: file, filename: base.img, read-only: true}
      disk: {driver: qcow2, file: {driver: file, filename: d.qcow2}, backing: base}
      snap:
        driver: qcow2
        file: {driver: file, filename: s.qcow2, create: true}
        create: {size: 1GiB}
        backing: disk
      slow: {driver: throttle, throttle-group: gold, file: snap, protect: true}
    exports:
      e: {type: nbd, node: slow, writable: true}
    """

/// One graph's picture.
private func picture(_ text: String) throws -> GraphPicture {
    GraphPicture(of: try #require(read(text).resolved))
}

/// A plan's picture.
private func picture(from live: String, to desired: String) throws -> GraphPicture {
    let (live, desired) = (read(live), read(desired))
    let plan = Plan(live: live.description, desired: desired.description)
    return GraphPicture(
        of: plan,
        from: try #require(live.resolved),
        to: try #require(desired.resolved)
    )
}

@Suite("Pictures of graphs")
struct GraphPictureTests {
    @Test("a plan's picture holds what goes beside what comes")
    func changes() throws {
        let picture = try picture(from: before, to: after)
        let changes = Dictionary(
            uniqueKeysWithValues: picture.boxes.map { ($0.object, $0.change) }
        )
        #expect(changes["node/snap"] == .add)
        #expect(changes["node/snap.file"] == .add)
        #expect(changes["node/slow"] == .change)
        #expect(changes["node/base"] == .same)
        #expect(changes["node/old"] == .remove)
        #expect(changes["export/gone"] == .remove)
        let lines = Set(picture.lines.map { "\($0.parent) \($0.edge) \($0.child) \($0.change)" })
        #expect(lines.contains("node/slow file node/snap add"))
        #expect(lines.contains("node/slow file node/disk remove"))
        #expect(lines.contains("node/disk backing node/base same"))
        #expect(picture.remarks.map(\.object) == ["throttle-group/gold"])
        #expect(picture.remarks.first?.notes == ["iops-total 100 → 200"])
    }

    @Test("a rename keeps its lines")
    func rename() throws {
        let renamed = before.replacing("  slow:", with: "  brake:")
            .replacing("node: slow", with: "node: brake")
            .replacing("file: disk}", with: "file: disk, formerly: slow}")
        let picture = try picture(from: before, to: renamed)
        #expect(picture.boxes.first { $0.object == "node/brake" }?.change == .rename)
        #expect(picture.boxes.first { $0.object == "node/brake" }?.notes == ["was slow"])
        #expect(!picture.boxes.contains { $0.object == "node/slow" })
        #expect(picture.lines.allSatisfy { $0.change != .remove || $0.parent == "export/e" })
    }

    @Test("what is near an object is what few lines lead to")
    func around() throws {
        let whole = try picture(before)
        let object = try #require(whole.object(named: "disk"))
        let part = try #require(whole.around(object, steps: 1))
        #expect(
            part.boxes.map(\.object) == ["node/base", "node/disk", "node/disk.file", "node/slow"]
        )
        #expect(part.lines.count == 3)
        #expect(whole.around("node/none", steps: 1) == nil)
        #expect(whole.object(named: "export/e") == "export/e")
    }

    @Test("the tree shows a shared node once and names it after that")
    func tree() throws {
        let text = before.replacing(
            "  gone: {type: nbd, node: old}",
            with: "  gone: {type: nbd, node: old}\n  second: {type: nbd, node: slow}"
        )
        let rows = try picture(text).tree(isPlain: true)
        let lines = rows.map { "\($0.branch)\($0.name)\($0.isRepeated ? " again" : "")" }
        #expect(
            lines == [
                "export e", "`- slow", "   `- disk", "      |- disk.file", "      `- base",
                "export gone", "`- old", "export second", "`- slow again",
            ]
        )
        #expect(rows.allSatisfy { $0.branch.utf8.count == $0.branch.unicodeScalars.count })
    }

    @Test("two graphs whose nodes lie above each other in turn are drawn all the same")
    func turned() throws {
        let head = "sluice: 1\nnodes:\n"
        let one = head + "  a: {driver: raw, file: b}\n  b: {driver: null-co}\n"
        let other = head + "  a: {driver: null-co}\n  b: {driver: raw, file: a}\n"
        let picture = try picture(from: one, to: other)
        #expect(picture.lines.count == 2)
        #expect(picture.tree(isPlain: true).count >= 2)
        #expect(picture.svg(title: "turned").contains("</svg>"))
    }

    @Test("the same graphs give the same bytes, in every language")
    func stable() throws {
        let first = try picture(from: before, to: after)
        let second = try picture(from: before, to: after)
        #expect(first.svg(title: "t") == second.svg(title: "t"))
        #expect(first.mermaid(title: "t") == second.mermaid(title: "t"))
        #expect(first.dot(title: "t") == second.dot(title: "t"))
        #expect(first.json == second.json)
    }

    @Test("names and paths cannot say anything in a picture's language")
    func hostile() throws {
        let text = """
            sluice: 1
            nodes:
              a: {driver: file, filename: "x\\"]; y</text><script>&\\u0007|`#;\\n"}
            """
        let picture = try picture(text)
        let svg = picture.svg(title: "</title><script>")
        #expect(!svg.contains("<script"))
        #expect(svg.unicodeScalars.allSatisfy { $0 == "\n" || $0.value >= 0x20 })
        #expect(!picture.mermaid(title: "\"]").contains("y</text"))
        #expect(picture.dot(title: "\"];").contains("x\\\"]; y"))
    }
}
