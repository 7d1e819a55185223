import GraphModel

extension GraphPicture {
    /// The picture as a drawing that a browser, a wiki or an editor shows.
    ///
    /// Colours say what a plan does with each box and so do marks and dashes; a pointer over a box
    /// or a line shows all about it.
    ///
    /// - Parameter title: What the picture is of.
    /// - Returns: An SVG document.
    package func svg(title: String) -> String {
        let layout = PictureLayout(self)
        return PictureDrawing(picture: self, layout: layout, title: title).text
    }
}

/// Writes a laid-out picture as SVG.
struct PictureDrawing {
    private static let margin = 28.0
    private static let headHeight = 62.0
    private static let widthMin = 660.0

    private let picture: GraphPicture
    private let layout: PictureLayout
    private let title: String

    init(picture: GraphPicture, layout: PictureLayout, title: String) {
        self.picture = picture
        self.layout = layout
        self.title = title
    }

    /// The document.
    var text: String {
        let legend = PictureLegend(picture: picture)
        let remarks = remarks
        let width = max(layout.width + 2 * Self.margin, Self.widthMin)
        let below = Self.headHeight + layout.height + 22
        let height = below + Double(remarks.count) * 18 + legend.height + Self.margin
        var text = """
            <svg xmlns="http://www.w3.org/2000/svg" width="\(short(width))" \
            height="\(short(height))" viewBox="0 0 \(short(width)) \(short(height))" role="img" \
            aria-label="\(MarkupText.xml(title)): \(MarkupText.xml(picture.summary))">
            <style>
            \(PictureStyle.sheet)
            </style>
            \(PictureStyle.symbols)
            <rect class="page" width="100%" height="100%"/>
            <text class="title" x="\(short(Self.margin))" y="30">\(MarkupText.xml(title))</text>
            <text class="summary" x="\(short(Self.margin))" y="48">\
            \(MarkupText.xml(picture.summary))</text>
            <g transform="translate(\(short(Self.margin)) \(short(Self.headHeight)))">

            """
        for placed in layout.lines { text += line(placed) }
        for placed in layout.boxes { text += box(placed) }
        // Words last, so that no line runs over them.
        for placed in layout.lines { text += words(placed) }
        text += "</g>\n"
        for (row, remark) in remarks.enumerated() {
            text +=
                "<text class=\"note \(remark.change.rawValue)\" x=\"\(short(Self.margin))\" "
                + "y=\"\(short(below + Double(row) * 18 + 8))\">\(MarkupText.xml(remark.text))"
                + "</text>\n"
        }
        text += legend.text(
            left: Self.margin,
            top: below + Double(remarks.count) * 18 + 8
        )
        return text + "</svg>\n"
    }

    private var remarks: [(text: String, change: GraphPicture.Change)] {
        picture.remarks.map { remark in
            let notes = remark.notes.isEmpty ? "" : ":  " + remark.notes.joined(separator: ", ")
            return ("\(remark.change.mark(isPlain: false)) \(remark.object)\(notes)", remark.change)
        }
    }

    private func line(_ placed: PictureLayout.PlacedLine) -> String {
        let line = placed.line
        var classes = ["edge", line.change.rawValue]
        if line.change == .same, line.masks.used.contains(.write) { classes.append("written") }
        if line.role == "backing" { classes.append("backing") }
        var path = "M\(point(placed.pieces[0].from)) L\(point(placed.pieces[0].to))"
        var last = placed.pieces[0].to
        for piece in placed.pieces.dropFirst() {
            let middle = (last.x + piece.from.x) / 2
            path +=
                " C\(short(middle)) \(short(last.y)) \(short(middle)) \(short(piece.from.y)) "
                + "\(point(piece.from)) L\(point(piece.to))"
            last = piece.to
        }
        let marker =
            line.change != .same
            ? "tip-\(line.change.rawValue)" : classes.contains("written") ? "tip-written" : "tip"
        return "<path class=\"\(classes.joined(separator: " "))\" d=\"\(path)\" "
            + "marker-end=\"url(#\(marker))\"><title>\(MarkupText.xml(story(of: line)))"
            + "</title></path>\n"
    }

    private func story(of line: GraphPicture.Line) -> String {
        let names = [line.parent, line.child].map {
            $0.split(separator: "/", maxSplits: 1).last.map(String.init) ?? $0
        }
        var story = "\(names[0]) → \(names[1])"
        if line.edge != "root" { story += "\n\(line.edge): \(line.role)" }
        story += "\nuses \(line.masks.used.names.joined(separator: ", "))"
        if line.masks.used.isEmpty { story += "nothing" }
        story += "\nothers may: \(line.masks.shared.names.joined(separator: ", "))"
        if line.masks.shared.isEmpty { story += "nothing" }
        if let former = line.formerMasks { story += "\nwas \(former)" }
        return line.change == .same ? story : story + "\n\(line.change.rawValue)"
    }

    private func words(_ placed: PictureLayout.PlacedLine) -> String {
        let line = placed.line
        let name = line.edge == "root" ? "" : MarkupText.xml(line.edge) + " "
        let masks = String(
            line.words(isPlain: false).dropFirst(line.edge == "root" ? 0 : line.edge.count + 1)
        )
        return "<text class=\"label \(line.change.rawValue)\" x=\"\(short(placed.words.x))\" "
            + "y=\"\(short(placed.words.y))\">\(name)<tspan class=\"masks\">"
            + "\(MarkupText.xml(masks))</tspan></text>\n"
    }

    private func box(_ placed: PictureLayout.PlacedBox) -> String {
        let box = placed.box
        let radius = box.family == .export ? 12.0 : box.family == .filter ? 8 : 4
        let look = picture.isPlan ? box.change.rawValue : box.family.rawValue
        var text =
            "<g class=\"box \(look)\" transform=\"translate(\(short(placed.left)) "
            + "\(short(placed.top)))\"><title>\(MarkupText.xml(story(of: box)))</title>\n"
            + "<rect class=\"frame\" width=\"\(short(placed.width))\" "
            + "height=\"\(short(placed.height))\" rx=\"\(short(radius))\"/>\n"
        let top = (placed.height - placed.text.height) / 2
        text += "<use href=\"#\(box.family.rawValue)\" x=\"9\" y=\"\(short(top + 9))\"/>\n"
        var baseline = top + 21
        text += element("name", placed.text.name, BoxText.inset, baseline)
        baseline += 1
        for line in placed.text.lines {
            baseline += BoxText.lineHeight
            text += element("detail", line, BoxText.inset, baseline)
        }
        for note in placed.text.notes {
            baseline += BoxText.lineHeight
            text += element("note", note, BoxText.inset, baseline)
        }
        return text + badges(placed, top: top) + "</g>\n"
    }

    /// What is done with a box, and what its clients notice, at its upper right.
    private func badges(_ placed: PictureLayout.PlacedBox, top: Double) -> String {
        let box = placed.box
        var right = placed.width - 8
        var text = ""
        if box.change != .same {
            text +=
                "<circle class=\"badge\" cx=\"\(short(right - 7))\" cy=\"\(short(top + 16))\" "
                + "r=\"8\"/><text class=\"mark\" x=\"\(short(right - 7))\" "
                + "y=\"\(short(top + 20))\">\(box.change.mark(isPlain: false))</text>\n"
            right -= 20
        }
        if !box.impact.isEmpty {
            text +=
                "<text class=\"impact \(box.impact)\" x=\"\(short(right - 4))\" "
                + "y=\"\(short(top + 20))\">\(MarkupText.xml(box.impact))</text>\n"
        }
        return text
    }

    private func story(of box: GraphPicture.Box) -> String {
        var lines = ["\(box.object)  \(box.kind)"]
        if box.change != .same { lines.append("\(box.change.rawValue)") }
        return (lines + box.notes + box.options).joined(separator: "\n")
    }

    private func element(_ look: String, _ text: String, _ x: Double, _ y: Double) -> String {
        "<text class=\"\(look)\" x=\"\(short(x))\" y=\"\(short(y))\">"
            + "\(MarkupText.xml(text))</text>\n"
    }

    private func point(_ point: PictureLayout.Point) -> String {
        "\(short(point.x)) \(short(point.y))"
    }

    /// A number without needless digits.
    private func short(_ number: Double) -> String { PictureStyle.short(number) }
}
