import Reconciliation
import Testing

@Suite("The difference of two texts")
struct TextDifferenceTests {
    @Test("it is what diff -u prints")
    func unified() {
        let before = (1...12).map { "line \($0)\n" }.joined()
        let after = before.replacing("line 2\n", with: "line two\n")
            .replacing("line 11\n", with: "line 11\nmore\n")
        let wanted = """
            --- a.yaml
            +++ a.yaml (formatted)
            @@ -1,5 +1,5 @@
             line 1
            -line 2
            +line two
             line 3
             line 4
             line 5
            @@ -9,4 +9,5 @@
             line 9
             line 10
             line 11
            +more
             line 12

            """
        #expect(
            TextDifference.unified(Array(before.utf8), Array(after.utf8), path: "a.yaml")
                == wanted
        )
    }

    @Test("equal texts have none")
    func same() { #expect(TextDifference.unified([65], [65], path: "a").isEmpty) }
}
