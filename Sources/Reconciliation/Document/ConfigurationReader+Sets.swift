import GraphModel

extension ConfigurationReader {
    /// Reads a list whose order means nothing and in which nothing stands twice.
    ///
    /// A list of one is what stands in it, so that equal wishes are equal values.
    mutating func readSet(
        of element: OptionKind,
        _ list: DocumentTape.Value,
        path: GraphMarks.Path
    ) -> OptionValue? {
        let elements = tape.elements(list)
        if elements.isEmpty {
            report(
                "E0205",
                "\(title): \"\(marks.text(of: path))\" is an empty list",
                at: list,
                label: "needs \(element.expectation)",
                help: ["leave \(marks.text(of: path)) out when nothing is to be named"]
            )
            return nil
        }
        var found: [String: DocumentTape.Value] = [:]
        var isComplete = true
        for (number, value) in elements.enumerated() {
            let inner = self.path(path, place: number)
            guard case .text(let text)? = read(element, value, path: inner) else {
                isComplete = false
                continue
            }
            guard let other = found.updateValue(value, forKey: text) else { continue }
            isComplete = false
            report(
                "E0208",
                "\(title): \"\(marks.text(of: path))\" names \(text) twice",
                at: value,
                label: "second",
                related: [
                    Diagnostic.Related(
                        message: "the first one is here",
                        mark: place(other).mark(in: file)
                    )
                ],
                help: ["each stands for itself once; take one of them out"]
            )
        }
        guard isComplete else { return nil }
        let texts = found.keys.sorted()
        return texts.count == 1 ? .text(texts[0]) : .list(texts.map { .text($0) })
    }
}
