package import GraphModel

/// A graph as people look at it: boxes and lines, and what a plan does with each.
///
/// A pure value, made once from one graph or from two and then drawn in any of several forms. A
/// plan is drawn as one picture: what goes and what comes stand side by side.
package struct GraphPicture: Hashable, Sendable {
    /// Most boxes that are drawn; a larger graph is looked at in parts.
    package static let boxesMax = 2_000

    /// What a plan does with something in the picture.
    package enum Change: String, Hashable, Sendable, CaseIterable {
        /// Nothing.
        case same
        /// It is new.
        case add
        /// It goes on with other options or edges.
        case change
        /// A new one takes its place.
        case replace
        /// It goes on under another name.
        case rename
        /// It goes away.
        case remove

        /// The mark that says so without colour.
        package func mark(isPlain: Bool) -> String {
            switch self {
            case .same: ""
            case .add: "+"
            case .change: "~"
            case .replace: isPlain ? "+-" : "±"
            case .rename: isPlain ? "->" : "→"
            case .remove: isPlain ? "-" : "−"
            }
        }

        init(_ kind: ObjectAction.Kind?) {
            switch kind {
            case nil: self = .same
            case .add: self = .add
            case .change: self = .change
            case .replace: self = .replace
            case .rename: self = .rename
            case .remove: self = .remove
            }
        }
    }

    /// What a box stands for, as far as looks go.
    package enum Family: String, Hashable, Sendable {
        /// Where clients come in.
        case export
        /// Shows its child's data, and delays, counts or refuses.
        case filter
        /// Makes a disk of its children.
        case format
        /// Where data lies.
        case source
    }

    /// An export or a node.
    package struct Box: Hashable, Sendable {
        /// Its name in JSON, `node/x`.
        package let object: String
        /// Its own name.
        package let name: String
        /// The driver, or the export's type.
        package let kind: String
        /// What it stands for.
        package let family: Family
        /// What matters about it, in a few words each.
        package let details: [String]
        /// What a plan changes about it, in a few words each.
        package let notes: [String]
        /// What a plan does with it.
        package let change: Change
        /// What clients notice of a plan; empty for nodes, and without a plan.
        package let impact: String
        /// Every option with its value, for those who look closer.
        package let options: [String]
    }

    /// A line between two boxes.
    package struct Line: Hashable, Sendable {
        /// The upper object.
        package let parent: String
        /// Name of the edge; `root` below an export.
        package let edge: String
        /// The lower object.
        package let child: String
        /// What the child is to its parent.
        package let role: String
        /// What is used and shared.
        package let masks: EdgeMasks
        /// What was used and shared, when a plan changes it.
        package let formerMasks: EdgeMasks?
        /// What a plan does with it.
        package let change: Change

        /// The edge's name and its masks: `file RW/RU`; how they change, when they do.
        package func words(isPlain: Bool) -> String {
            let name = edge == "root" ? "" : edge + " "
            let arrow = isPlain ? "->" : "→"
            return name + (formerMasks.map { "\($0) \(arrow) " } ?? "") + masks.description
        }
    }

    /// A change of what is not in the picture: listeners, throttle groups, threads.
    package struct Remark: Hashable, Sendable {
        /// The object, `throttle-group/gold`.
        package let object: String
        /// What a plan does with it.
        package let change: Change
        /// What changes about it.
        package let notes: [String]
    }

    /// Exports and nodes, each by name.
    package internal(set) var boxes: [Box]
    /// Lines, by their upper ends.
    package internal(set) var lines: [Line]
    /// What else a plan changes.
    package internal(set) var remarks: [Remark]
    /// Whether a plan is shown.
    package let isPlan: Bool
    /// One line about the whole: a plan's summary, or what is in the picture.
    package internal(set) var summary: String

    /// How many boxes bear each change, without those that stay.
    package var counts: [(change: Change, count: Int)] {
        Change.allCases.compactMap { change in
            let count = boxes.count { $0.change == change }
            return change == .same || count == 0 ? nil : (change, count)
        }
    }
}
