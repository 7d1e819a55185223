import Testing

@testable import FileWatching

@Suite("Watch plan")
struct WatchPlanTests {
    @Test("a directory is watched with its subdirectories and its parent, but not hidden ones")
    func recursive() throws {
        let root = try TemporaryDirectory()
        for name in ["graph.d", "graph.d/vms", "graph.d/.git"] { root.makeDirectory(name) }
        let plan = WatchPlan(sources: [root.path + "/graph.d"])
        #expect(plan.directories[root.path]?.names == ["graph.d"])
        #expect(plan.directories[root.path + "/graph.d"]?.hasDocuments == true)
        #expect(plan.directories[root.path + "/graph.d/vms"]?.hasDocuments == true)
        #expect(plan.directories[root.path + "/graph.d/.git"] == nil)
    }

    @Test("the parent of every link on the way is watched, and the place it leads to")
    func links() throws {
        let root = try TemporaryDirectory()
        for name in ["etc", "srv", "srv/releases", "srv/releases/a"] { root.makeDirectory(name) }
        root.link("srv/current", to: "releases/a")
        root.link("etc/graph.d", to: root.path + "/srv/current")
        let plan = WatchPlan(sources: [root.path + "/etc/graph.d"])
        #expect(plan.directories[root.path + "/etc"]?.names == ["graph.d"])
        #expect(plan.directories[root.path + "/srv"]?.names == ["current"])
        #expect(plan.directories[root.path + "/srv/releases"]?.names == ["a"])
        #expect(plan.directories[root.path + "/srv/releases/a"]?.hasDocuments == true)
    }

    @Test("a file behind a chain of links in its own directory is followed (config maps)")
    func configMap() throws {
        let root = try TemporaryDirectory()
        root.makeDirectory("..one")
        root.write("..one/vm.yaml", "sluice: 1\n")
        root.link("..data", to: "..one")
        root.link("vm.yaml", to: "..data/vm.yaml")
        let plan = WatchPlan(sources: [root.path])
        let interest = try #require(plan.directories[root.path])
        #expect(interest.concerns("..data", isDirectory: false))
        #expect(plan.directories[root.path + "/..one"]?.names == ["vm.yaml"])
    }

    @Test("a source that is missing is awaited in the nearest directory that exists")
    func missing() throws {
        let root = try TemporaryDirectory()
        let plan = WatchPlan(sources: [root.path + "/not/yet"])
        #expect(plan.directories == [root.path: WatchPlan.Interest(names: ["not"])])
    }

    @Test(
        "names that cannot be documents do not matter",
        arguments: ["daemon.log", ".vm.yaml.swp", "#vm.yaml#", "vm.yaml~", "vm.YAML"]
    )
    func noise(name: String) {
        let interest = WatchPlan.Interest(hasDocuments: true)
        #expect(!interest.concerns(name, isDirectory: false))
    }

    @Test("links that lead in a circle end the walk")
    func circle() throws {
        let root = try TemporaryDirectory()
        root.link("a", to: "b")
        root.link("b", to: "a")
        let plan = WatchPlan(sources: [root.path + "/a"])
        #expect(plan.directories[root.path]?.names == ["a", "b"])
    }
}
