import CLibYAML

/// What a text says, whatever it looks like: libyaml's events without places.
///
/// Two texts with equal meanings are read alike by every reader; comments, blank lines and layout are
/// not part of it, anchors and quotes are.
@safe
package struct DocumentMeaning: Hashable, Sendable {
    private struct Event: Hashable, Sendable {
        let kind: UInt32
        var text = ""
        var anchor = ""
        var tag = ""
        var isPlain = false
    }

    private let events: [Event]

    /// The meaning of UTF-8 text; `nil` when it is not YAML.
    package init?(_ bytes: [UInt8]) {
        var parser = unsafe yaml_parser_t()
        guard unsafe yaml_parser_initialize(&parser) == 1 else { return nil }
        defer { unsafe yaml_parser_delete(&parser) }
        unsafe yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING)
        // A byte order mark is no text.
        let start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        let found = unsafe bytes[start...].withUnsafeBufferPointer { text -> [Event]? in
            unsafe yaml_parser_set_input_string(&parser, text.baseAddress, text.count)
            var events: [Event] = []
            while true {
                var event = unsafe yaml_event_t()
                guard unsafe yaml_parser_parse(&parser, &event) == 1 else { return nil }
                defer { unsafe yaml_event_delete(&event) }
                events.append(unsafe Self.event(of: event))
                if unsafe event.type == YAML_STREAM_END_EVENT { return events }
            }
        }
        guard let found else { return nil }
        events = found
    }

    private static func event(of event: yaml_event_t) -> Event {
        var said = unsafe Event(kind: event.type.rawValue)
        switch unsafe event.type {
        case YAML_ALIAS_EVENT: said.anchor = unsafe text(event.data.alias.anchor)
        case YAML_SCALAR_EVENT:
            let scalar = unsafe event.data.scalar
            let bytes = unsafe UnsafeBufferPointer(start: scalar.value, count: scalar.length)
            said.text = unsafe String(decoding: bytes, as: UTF8.self)
            said.isPlain = unsafe scalar.style == YAML_PLAIN_SCALAR_STYLE
            said.anchor = unsafe text(scalar.anchor)
            said.tag = unsafe text(scalar.tag)
        case YAML_SEQUENCE_START_EVENT:
            said.anchor = unsafe text(event.data.sequence_start.anchor)
            said.tag = unsafe text(event.data.sequence_start.tag)
        case YAML_MAPPING_START_EVENT:
            said.anchor = unsafe text(event.data.mapping_start.anchor)
            said.tag = unsafe text(event.data.mapping_start.tag)
        default: break
        }
        return said
    }

    private static func text(_ bytes: UnsafeMutablePointer<yaml_char_t>?) -> String {
        guard let bytes = unsafe bytes else { return "" }
        return unsafe String(cString: bytes)
    }
}
