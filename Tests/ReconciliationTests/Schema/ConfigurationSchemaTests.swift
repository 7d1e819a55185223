import GraphModel
import Reconciliation
import Testing

@Suite("Schemas")
struct ConfigurationSchemaTests {
    @Test("every driver and option is in the schema, described", arguments: Catalog.drivers)
    func drivers(driver: DriverSpecification) throws {
        let shape = try #require(
            ConfigurationSchema.json["definitions"]?["driver-\(driver.name)"]
        )
        let properties = try #require(shape["properties"])
        for option in driver.options + Catalog.nodeOptions {
            let property = try #require(properties[option.key], "\(driver.name).\(option.key)")
            #expect(property["description"]?.text?.hasPrefix(option.summary) == true)
            #expect((property["default"] != nil) == (option.defaultValue != nil))
        }
        for slot in driver.slots { #expect(properties[slot.name]?["description"] != nil) }
        #expect(shape["additionalProperties"] == false)
    }

    @Test("every section and its options are in the schema", arguments: ObjectKind.allCases)
    func sections(kind: ObjectKind) throws {
        let schema = ConfigurationSchema.json
        #expect(schema["properties"]?[kind.section]?["description"] != nil)
        guard kind != .node else { return }
        let properties = try #require(schema["definitions"]?[kind.rawValue]?["properties"])
        for option in Catalog.options(of: kind) { #expect(properties[option.key] != nil) }
    }

    @Test("a plan has only what its schema speaks of")
    func plans() throws {
        let text = "sluice: 1\nnodes: {a: {driver: null-co}}\n"
        let plan = Plan(live: GraphDescription(), desired: read(text).description)
        let known = Set((PlanSchema.json["properties"]?.members ?? []).map(\.key))
        let members = plan.json.members ?? []
        #expect(members.allSatisfy { known.contains($0.key) }, "\(members.map(\.key))")
        for name in PlanSchema.json["required"]?.list?.compactMap(\.text) ?? [] {
            #expect(plan.json[name] != nil, "\(name)")
        }
    }
}
