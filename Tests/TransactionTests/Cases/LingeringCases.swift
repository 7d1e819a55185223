import BlockGraph
import Testing

@Suite("Cases: nodes that linger")
struct LingeringCases {
    @Test("S24, S81: a node that left with a request in it is closed when that one is answered")
    func closedLate() async throws {
        try await Workshop.run { workshop in
            try await workshop.start(quick("h nbd\nt throttle file=h\ne export of=t =rw"))
            let client = try workshop.client("e")
            workshop.standIns.hold("h")
            client.sendRead()
            try await eventually { workshop.standIns.log.contains("hold h") }
            let outcome = await workshop.apply(
                quick("h nbd\ne export of=h =rw"),
                timeoutMilliseconds: 1
            )
            #expect(outcome.receipt?.warnings.count == 1, "\(outcome)")
            #expect(await workshop.lingeringCount == 1)
            #expect(!client.hasAnswer)
            await workshop.standIns.letGo()
            #expect(client.answer(payload: 512)?.errorNumber == 0)
            // No other change comes, and it is closed all the same.
            await workshop.closeWhatLingers()
            #expect(await workshop.lingeringCount == 0)
            #expect(client.read()?.errorNumber == 0)
        }
    }

    @Test("S75: of two changes with a request each, what the older took out is closed first")
    func inOrder() async throws {
        try await Workshop.run { workshop in
            let top = "d compress file=a\na throttle file=b\nb throttle file=h\nh nbd\n"
            try await workshop.start(quick(top + "e export of=a =rw"))
            let client = try workshop.client("e")
            workshop.standIns.hold("h")
            client.sendRead()
            try await eventually { workshop.standIns.log.contains("hold h") }
            for graph in [
                "h nbd\nb throttle file=h\ne export of=b =rw", "h nbd\ne export of=h =rw",
            ] {
                client.sendRead()
                let outcome = await workshop.apply(quick(graph), timeoutMilliseconds: 1)
                #expect(outcome.isApplied, "\(outcome)")
            }
            #expect(await workshop.lingeringCount == 3)
            await workshop.standIns.letGo()
            for _ in 0..<3 { #expect(client.answer(payload: 512)?.errorNumber == 0) }
            await workshop.closeWhatLingers()
            #expect(await workshop.lingeringCount == 0)
            #expect(workshop.standIns.log.filter { $0 == "close d" }.count == 1)
        }
    }
}
