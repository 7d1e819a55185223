package import GraphModel

/// The JSON form of plans as a JSON Schema: what programs may rely on.
///
/// Additions keep the format's name; readers ignore keys that they do not know.
package enum PlanSchema {
    /// The schema.
    package static var json: JSONValue {
        [
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$id": "urn:sluice:plan:1",
            "title": "sluice plan, format sluice.plan/1",
            "type": "object",
            "required": [
                "format", "id", "verdict", "desired", "live", "footprint", "actions", "steps",
                "exports", "guards", "conflicts", "summary", "diagnostics",
            ],
            "properties": properties,
            "$defs": definitions,
        ]
    }

    private static let desired: JSONValue = [
        "type": "object", "required": ["digest", "files"],
        "description": "The normalised graph; of an invalid one, the digest of what was read.",
        "properties": [
            "digest": reference("digest"),
            "files": list(
                [
                    "type": "object", "required": ["path", "digest"],
                    "properties": ["path": ["type": "string"], "digest": reference("digest")],
                ],
                "Files that were read."
            ),
        ],
    ]

    private static let live: JSONValue = [
        "type": "object", "required": ["generation", "digest"],
        "properties": [
            "generation": [
                "type": "integer", "minimum": 0, "description": "0 when it has no number.",
            ],
            "digest": reference("digest"),
        ],
    ]

    private static let footprint: JSONValue = list(
        [
            "type": "object", "required": ["object", "version"],
            "properties": [
                "object": reference("object"), "version": ["type": "integer", "minimum": 0],
            ],
        ],
        "Every live object that the plan depends on, with the version that it saw; 0: none."
    )

    private static func reference(_ name: String) -> JSONValue {
        ["$ref": .text("#/$defs/\(name)")]
    }

    private static func list(_ items: JSONValue, _ about: String) -> JSONValue {
        ["type": "array", "description": .text(about), "items": items]
    }

    private static func list(of name: String, _ about: String) -> JSONValue {
        list(reference(name), about)
    }

    private static var properties: JSONValue {
        [
            "format": ["const": .text(Plan.formatName)],
            "id": [
                "$ref": "#/$defs/digest",
                "description": "Digest of all that the plan means; what approvers sign.",
            ],
            "verdict": [
                "enum": ["empty", "ready", "held", "conflict", "invalid"],
                "description":
                    "held: refused by a guard; conflict: permissions do not go together.",
            ],
            "desired": desired,
            "live": live,
            "footprint": footprint,
            "actions": list(of: "action", "What is done with each object that changes."),
            "steps": list(of: "step", "Steps in the order in which they run."),
            "exports": list(of: "export", "What the clients of each export notice."),
            "guards": list(
                [
                    "type": "object", "required": ["name", "ok"],
                    "properties": [
                        "name": ["type": "string"], "ok": ["type": "boolean"],
                        "object": reference("object"), "needs": ["type": "string"],
                        "limit": ["type": "integer"], "actual": ["type": "integer"],
                    ],
                ],
                "What would refuse to apply the plan, and the option that lifts it."
            ),
            "conflicts": list(of: "conflict", "Users of a node that do not go together."),
            "summary": [
                "type": "object", "required": ["add", "change", "remove"],
                "additionalProperties": ["type": "integer", "minimum": 0],
                "description": "How many objects each kind of action is about.",
            ],
            "diagnostics": list(of: "diagnostic", "Findings about the files."),
            "omitted-diagnostics": ["type": "integer", "minimum": 0],
            "allowed-removals": [
                "type": "array", "items": ["type": "string"],
                "description": "Saved plans only: what may be removed though protected.",
            ],
            "definitions": [
                "type": "object",
                "description": "Saved plans only: objects as they shall be, sluice.graph/1.",
            ],
            "base-directory": [
                "type": "string",
                "description": "Saved plans only: where relative paths of the files started from.",
            ],
            "seal": [
                "$ref": "#/$defs/digest",
                "description": "Saved plans only: digest of all other members.",
            ],
        ]
    }

    private static let definitions: JSONValue = [
        "digest": ["type": "string", "pattern": "^sha256:[0-9a-f]{64}$"],
        "object": [
            "type": "string",
            "pattern": .text(
                "^(\(ObjectKind.allCases.map(\.rawValue).joined(separator: "|")))/.+$"
            ),
        ],
        "span": [
            "type": "object", "required": ["file", "line", "column"],
            "properties": [
                "file": ["type": "string"], "line": ["type": "integer", "minimum": 1],
                "column": ["type": "integer", "minimum": 1],
                "length": ["type": "integer", "minimum": 0],
            ],
        ],
        "action": [
            "type": "object", "required": ["object", "action", "fields", "undo", "reason"],
            "properties": [
                "object": reference("object"),
                "action": ["enum": ["add", "change", "remove", "replace", "rename"]],
                "previous": reference("object"),
                "fields": list(of: "field", "What changes, by path."),
                "undo": ["enum": ["free", "merge-back", "one-way"]],
                "reason": ["type": "string", "pattern": "^[a-z][a-z0-9-]*$"],
                "source": reference("span"),
            ],
        ],
        "field": [
            "type": "object", "required": ["path", "before", "after", "mode"],
            "properties": [
                "path": ["type": "string"], "before": true, "after": true,
                "mode": ["enum": ["in-place", "reopen", "replace"]],
            ],
        ],
        "step": [
            "type": "object", "required": ["n", "phase", "what", "objects"],
            "properties": [
                "n": ["type": "integer", "minimum": 1],
                "phase": ["enum": ["prepare", "check", "drain", "commit", "close", "verify"]],
                "what": ["type": "string"],
                "objects": list(of: "object", "Objects that the step is about."),
            ],
        ],
        "export": [
            "type": "object", "required": ["name", "impact"],
            "properties": [
                "name": ["type": "string"],
                "impact": ["enum": ["untouched", "no-pause", "pause", "starts", "stops"]],
                "pause_us": [
                    "type": "object", "required": ["expected", "bound", "basis"],
                    "properties": [
                        "expected": ["type": "integer", "minimum": 0],
                        "bound": ["type": "integer", "minimum": 0],
                        "basis": ["enum": ["history", "default"]],
                    ],
                    "description": "How long requests are held; past the bound, all is undone.",
                ],
            ],
        ],
        "path": [
            "type": "object", "required": ["objects"],
            "properties": [
                "objects": list(of: "object", "From an export, or the topmost node, downwards."),
                "edge": ["type": "string"], "used": reference("mask"),
                "shared": reference("mask"), "source": reference("span"),
            ],
        ],
        "edit": [
            "type": "object", "required": ["replace", "with"],
            "properties": ["replace": reference("span"), "with": ["type": "string"]],
        ],
        "fix": [
            "type": "object", "required": ["title", "what", "edits", "caution", "passes"],
            "properties": [
                "title": ["type": "string"], "what": ["type": "string"],
                "edits": list(of: "edit", "What is written where."),
                "caution": ["type": "string"],
                "passes": [
                    "type": "boolean",
                    "description": "Whether nothing is wrong with the configuration then.",
                ],
            ],
        ],
        "mask": ["type": "string", "pattern": "^(-|R?W?U?S?)$"],
        "conflict": [
            "type": "object", "required": ["node", "bits", "wants", "denies", "fixes"],
            "properties": [
                "node": reference("object"),
                "bits": list(
                    ["enum": JSONValue(texts: Permissions.all.names)],
                    "What is wanted and not shared."
                ),
                "wants": reference("path"), "denies": reference("path"),
                "fixes": list(of: "fix", "Edits that were tried and mend it."),
            ],
        ],
        "diagnostic": [
            "type": "object", "required": ["severity", "code", "message"],
            "properties": [
                "severity": ["enum": ["error", "warning", "note"]],
                "code": ["type": "string", "pattern": "^[EW][0-9]{4}$"],
                "message": ["type": "string"], "span": reference("span"),
                "related": list(
                    [
                        "type": "object",
                        "properties": [
                            "message": ["type": "string"], "span": reference("span"),
                        ],
                    ],
                    "Other places that matter."
                ),
                "label": ["type": "string"],
                "suggestions": list(
                    [
                        "type": "object", "required": ["with"],
                        "properties": [
                            "replace": reference("span"), "with": ["type": "string"],
                        ],
                    ],
                    "Texts that would be right."
                ),
                "help": ["type": "string"],
            ],
        ],
    ]
}
