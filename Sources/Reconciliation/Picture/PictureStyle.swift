/// How a drawing looks: colours for light and dark pages, and the signs for kinds of boxes.
enum PictureStyle {
    /// A number with at most one decimal, the same on every machine.
    static func short(_ number: Double) -> String {
        let tenths = Int(number * 10 + (number < 0 ? -0.5 : 0.5))
        return tenths % 10 == 0
            ? String(tenths / 10)
            : "\(tenths < 0 ? "-" : "")\(abs(tenths) / 10).\(abs(tenths) % 10)"
    }

    private struct Look {
        let name: String
        let frame: String
        let line: String
        let ink: String
    }

    private static let light = [
        Look(name: "export", frame: "#eef2ff", line: "#6366f1", ink: "#4338ca"),
        Look(name: "filter", frame: "#f8fafc", line: "#94a3b8", ink: "#475569"),
        Look(name: "format", frame: "#ecfeff", line: "#0e9bb5", ink: "#0e7490"),
        Look(name: "source", frame: "#fff7ed", line: "#ea9a4c", ink: "#b45309"),
        Look(name: "same", frame: "#f8fafc", line: "#b6c2d1", ink: "#64748b"),
        Look(name: "add", frame: "#e7f8ed", line: "#16a34a", ink: "#15803d"),
        Look(name: "change", frame: "#fff8db", line: "#d69e00", ink: "#946200"),
        Look(name: "replace", frame: "#fae8ff", line: "#c026d3", ink: "#a21caf"),
        Look(name: "rename", frame: "#e0f5ff", line: "#0284c7", ink: "#0369a1"),
        Look(name: "remove", frame: "#fff1f1", line: "#dc2626", ink: "#b91c1c"),
    ]

    private static let dark = [
        Look(name: "export", frame: "#1e1b4b", line: "#818cf8", ink: "#a5b4fc"),
        Look(name: "filter", frame: "#1b2433", line: "#64748b", ink: "#a3b1c6"),
        Look(name: "format", frame: "#0b2b33", line: "#22b8d1", ink: "#67e8f9"),
        Look(name: "source", frame: "#33200d", line: "#e08b3a", ink: "#fdba74"),
        Look(name: "same", frame: "#1b2433", line: "#475569", ink: "#94a3b8"),
        Look(name: "add", frame: "#0c2b18", line: "#22c55e", ink: "#4ade80"),
        Look(name: "change", frame: "#2e2408", line: "#eab308", ink: "#facc15"),
        Look(name: "replace", frame: "#2d0f33", line: "#d946ef", ink: "#f0abfc"),
        Look(name: "rename", frame: "#0a2536", line: "#38bdf8", ink: "#7dd3fc"),
        Look(name: "remove", frame: "#331212", line: "#f87171", ink: "#fca5a5"),
    ]

    /// The style sheet.
    static let sheet = """
        text { font-family: ui-sans-serif, system-ui, "DejaVu Sans", "Segoe UI", sans-serif; }
        .name, .label, .note, .mark, .masks { font-family: "DejaVu Sans Mono", ui-monospace, \
        Menlo, Consolas, monospace; }
        .title { font-size: 19px; font-weight: 600; }
        .summary, .detail, .key { font-size: 11px; }
        .summary { font-size: 12px; }
        .name { font-size: 13px; font-weight: 700; }
        .note, .label { font-size: 10px; }
        .impact { font-size: 10px; font-weight: 600; text-anchor: end; }
        .mark { font-size: 13px; font-weight: 700; text-anchor: middle; fill: #ffffff; }
        .frame { stroke-width: 1.4; }
        .icon { fill: none; stroke: currentColor; stroke-width: 1.4; stroke-linejoin: round; \
        stroke-linecap: round; }
        .edge { fill: none; stroke-width: 1.3; }
        .edge.written { stroke-width: 2; }
        .edge.backing { stroke-dasharray: 6 3; }
        .edge.add, .edge.change { stroke-width: 2.2; }
        .edge.remove { stroke-dasharray: 2 4; stroke-width: 1.8; }
        .box.remove .frame { stroke-dasharray: 5 4; }
        .box.remove .name { text-decoration: line-through; }
        \(colours(light, page: "#ffffff", ink: "#0f172a", faint: "#526072", wire: "#8a97a8"))
        @media (prefers-color-scheme: dark) {
        \(colours(dark, page: "#0f1722", ink: "#e8eef6", faint: "#9aa9bc", wire: "#64748b"))
        }
        """

    private static func colours(
        _ looks: [Look],
        page: String,
        ink: String,
        faint: String,
        wire: String
    ) -> String {
        var lines = [
            ".page { fill: \(page); }",
            ".title, .name { fill: \(ink); }",
            ".summary, .detail, .key, .label, .note { fill: \(faint); }",
            // A rim in the colour of the page keeps words legible where a line runs below them.
            ".label { stroke: \(page); stroke-width: 3px; paint-order: stroke; }",
            ".label .masks { fill: \(ink); }",
            ".edge { stroke: \(wire); }",
            ".edge.written { stroke: \(faint); }",
            ".tip { fill: \(wire); }",
            ".tip-written { fill: \(faint); }",
            ".impact { fill: \(faint); }",
        ]
        for look in looks {
            let name = look.name
            lines.append(".\(name) .frame { fill: \(look.frame); stroke: \(look.line); }")
            lines.append(
                ".box.\(name) { color: \(look.ink); }"
                    + " .\(name) .badge { fill: \(look.line); }"
                    + " .\(name) .note, .note.\(name) { fill: \(look.ink); }"
            )
            guard ["add", "change", "remove"].contains(name) else { continue }
            lines.append(
                ".edge.\(name) { stroke: \(look.line); } .tip-\(name) { fill: \(look.line); }"
                    + " .label.\(name), .label.\(name) .masks { fill: \(look.ink); }"
            )
        }
        let impacts = [("pause", 6), ("stops", 9), ("starts", 5), ("no-pause", 5)]
        for (impact, place) in impacts {
            lines.append(".impact.\(impact) { fill: \(looks[place].ink); }")
        }
        return lines.joined(separator: "\n")
    }

    /// Arrow heads, and one sign for each kind of box.
    static let symbols: String = {
        let heads = ["tip", "tip-written", "tip-add", "tip-change", "tip-remove"].map {
            "<marker id=\"\($0)\" viewBox=\"0 0 8 8\" refX=\"7.5\" refY=\"4\" markerWidth=\"8\" "
                + "markerHeight=\"8\" markerUnits=\"userSpaceOnUse\" orient=\"auto\">"
                + "<path class=\"\($0)\" d=\"M0 0.6 L8 4 L0 7.4 Z\"/></marker>"
        }
        let signs = [
            ("export", "M1 7 H9 M6 3.5 L9.5 7 L6 10.5 M11 1.5 H13 V12.5 H11"),
            ("filter", "M1.5 2 H12.5 L8.5 7.2 V12 L5.5 10.5 V7.2 Z"),
            ("format", "M7 1.5 L13 4.5 L7 7.5 L1 4.5 Z M1 7.3 L7 10.3 L13 7.3 M1 10 L7 13 L13 10"),
            (
                "source",
                "M2 3.5 A5 2 0 0 1 12 3.5 V10.5 A5 2 0 0 1 2 10.5 Z M2 3.5 A5 2 0 0 0 12 3.5"
            ),
        ].map { "<g id=\"\($0)\"><path class=\"icon\" d=\"\($1)\"/></g>" }
        return "<defs>\n" + (heads + signs).joined(separator: "\n") + "\n</defs>"
    }()
}
