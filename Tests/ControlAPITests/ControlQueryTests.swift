import ControlAPI
import GraphModel
import Testing

@Suite("Values in a question's address")
struct ControlQueryTests {
    @Test(
        "what is written is read again",
        arguments: ["", "a", "a b&c=d%", "büro/磁盘?#", "Degraded=False", "\u{1}\u{7F}"]
    )
    func roundTrip(text: String) {
        let query = ControlQuery(["for": text, "seconds": "5"])
        #expect(ControlQuery(text: query.text) == query)
        #expect(ControlQuery(text: query.text).number("seconds") == 5)
    }

    @Test(
        "what is no pair, or badly written, is passed over",
        arguments: ["a", "a=%", "a=%zz", "a=%ff%fe", "&&=&"]
    )
    func nonsense(text: String) {
        let query = ControlQuery(text: text)
        #expect(query["a"] == nil)
    }

    @Test("a rollback request is read as it was written")
    func rollback() {
        let request = RollbackRequest(generation: 7, allowRemove: ["x"], plan: "sha256:1")
        #expect(RollbackRequest(json: request.json) == request)
        #expect(RollbackRequest(json: ["format": "other"]) == nil)
    }
}
