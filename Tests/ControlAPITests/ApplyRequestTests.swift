import ControlAPI
import GraphModel
import Testing

@Suite("Apply request")
struct ApplyRequestTests {
    private let request = ApplyRequest(
        files: [ApplyRequest.File(path: "büro.yaml", text: "sluice: 1\n\"\\\u{7}\n")],
        baseDirectory: "/srv",
        allowRemove: ["a", "b"],
        drainTimeoutNanoseconds: 5_000_000_000,
        plan: "sha256:0"
    )

    @Test("what is sent is what is read")
    func roundTrip() throws {
        let bytes = request.json.compactBytes
        try #expect(ApplyRequest(json: JSONValue(json: bytes)) == request)
    }

    @Test("a relative base directory is refused: the daemon's directory is not the caller's")
    func relative() {
        var other = request
        other.baseDirectory = "srv"
        #expect(ApplyRequest(json: other.json) == nil)
    }

    @Test("another format is refused", arguments: ["{}", "{\"format\": \"sluice.apply/2\"}", "[]"])
    func format(text: String) throws {
        try #expect(ApplyRequest(json: JSONValue(json: text.utf8)) == nil)
    }
}

@Suite("Control client")
struct ControlClientTests {
    @Test("a socket where nobody listens is exit code 69 with the way to a daemon")
    func unreachable() {
        let client = ControlClient(socket: "/tmp/sluice-no-such-socket")
        let error = #expect(throws: ControlError.self) { _ = try client.ask(.status) }
        #expect(error?.code == .unreachable)
        #expect(error?.exitCode == 69)
        #expect(error?.reason.contains("sluice serve") == true)
    }
}
