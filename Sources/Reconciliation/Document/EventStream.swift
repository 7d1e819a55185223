import CLibYAML

/// libyaml's events of one text, one after the other.
///
/// The event interface only: the document loader is quadratic in nesting and expands nothing that
/// we would not count first.
@safe
struct EventStream: ~Copyable {
    /// What libyaml says next.
    enum Event {
        case documentStart, documentEnd, streamEnd, sequenceEnd, mappingEnd
        case sequenceStart(anchor: String?)
        case mappingStart(anchor: String?)
        case scalar(text: String, isPlain: Bool, anchor: String?)
        case alias(String)
    }

    /// An event with its place.
    struct Item {
        let event: Event
        let place: Place
    }

    /// What libyaml cannot read, with its words and the place, from 1.
    struct Fault: Error {
        let problem: String
        let line: Int
        let column: Int
        /// Where the construct began that the problem is about.
        let context: (text: String, line: Int, column: Int)?
    }

    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let text: UnsafeMutableBufferPointer<UInt8>

    /// A stream over UTF-8 text.
    init(bytes: [UInt8]) {
        unsafe parser = .allocate(capacity: 1)
        unsafe text = .allocate(capacity: max(bytes.count, 1))
        _ = unsafe text.initialize(from: bytes)
        guard unsafe yaml_parser_initialize(parser) == 1 else { fatalError("out of memory") }
        unsafe yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        unsafe yaml_parser_set_input_string(parser, text.baseAddress, bytes.count)
    }

    deinit {
        unsafe yaml_parser_delete(parser)
        unsafe parser.deallocate()
        unsafe text.deallocate()
    }

    /// The next event.
    func next() throws(Fault) -> Item {
        while true {
            var event = unsafe yaml_event_t()
            guard unsafe yaml_parser_parse(parser, &event) == 1 else { throw fault() }
            defer { unsafe yaml_event_delete(&event) }
            if unsafe event.type == YAML_STREAM_START_EVENT { continue }
            return unsafe Item(event: Self.event(of: event), place: Self.place(of: event))
        }
    }

    private static func event(of event: yaml_event_t) -> Event {
        switch unsafe event.type {
        case YAML_DOCUMENT_START_EVENT: return .documentStart
        case YAML_DOCUMENT_END_EVENT: return .documentEnd
        case YAML_SEQUENCE_START_EVENT:
            return unsafe .sequenceStart(anchor: name(event.data.sequence_start.anchor))
        case YAML_SEQUENCE_END_EVENT: return .sequenceEnd
        case YAML_MAPPING_START_EVENT:
            return unsafe .mappingStart(anchor: name(event.data.mapping_start.anchor))
        case YAML_MAPPING_END_EVENT: return .mappingEnd
        case YAML_ALIAS_EVENT:
            let anchor = unsafe name(event.data.alias.anchor)
            return .alias(anchor ?? "")
        case YAML_SCALAR_EVENT:
            let scalar = unsafe event.data.scalar
            let text = unsafe UnsafeBufferPointer(start: scalar.value, count: scalar.length)
            return unsafe .scalar(
                text: String(decoding: text, as: UTF8.self),
                isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE,
                anchor: name(scalar.anchor)
            )
        default: return .streamEnd
        }
    }

    private static func name(_ text: UnsafeMutablePointer<yaml_char_t>?) -> String? {
        guard let text = unsafe text else { return nil }
        return unsafe String(cString: text)
    }

    private static func place(of event: yaml_event_t) -> Place {
        let start = unsafe event.start_mark
        let end = unsafe event.end_mark
        let length = start.line == end.line ? end.column - start.column : 1
        return Place(
            line: start.line + 1,
            column: start.column + 1,
            length: max(length, 1)
        )
    }

    private func fault() -> Fault {
        let problem = unsafe parser.pointee.problem.map { unsafe String(cString: $0) }
        var context: (text: String, line: Int, column: Int)?
        if let words = unsafe parser.pointee.context {
            context = unsafe (
                text: String(cString: words), line: parser.pointee.context_mark.line + 1,
                column: parser.pointee.context_mark.column + 1
            )
        }
        return unsafe Fault(
            problem: problem ?? "this is not YAML",
            line: parser.pointee.problem_mark.line + 1,
            column: parser.pointee.problem_mark.column + 1,
            context: context
        )
    }
}
