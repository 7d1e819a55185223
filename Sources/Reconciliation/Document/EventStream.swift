import CLibYAML
import GraphModel

/// libyaml's events of one text, one after the other.
///
/// The event interface only: the document loader is quadratic in nesting and expands nothing that
/// we would not count first.
@safe
struct EventStream: ~Copyable {
    /// What libyaml says.
    enum Kind: Sendable {
        case documentStart, documentEnd, streamEnd, alias, scalar
        case sequenceStart, sequenceEnd, mappingStart, mappingEnd
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
    private let event: UnsafeMutablePointer<yaml_event_t>

    /// A stream over UTF-8 text that outlives it.
    @unsafe
    init(over text: UnsafeBufferPointer<UInt8>) {
        unsafe parser = .allocate(capacity: 1)
        unsafe event = .allocate(capacity: 1)
        unsafe event.initialize(to: yaml_event_t())
        guard unsafe yaml_parser_initialize(parser) == 1 else { fatalError("out of memory") }
        unsafe yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        unsafe yaml_parser_set_input_string(parser, text.baseAddress, text.count)
    }

    deinit {
        unsafe yaml_event_delete(event)
        unsafe yaml_parser_delete(parser)
        unsafe event.deallocate()
        unsafe parser.deallocate()
    }

    /// Takes the next event; what follows is about it.
    mutating func next() throws(Fault) -> Kind {
        while true {
            unsafe yaml_event_delete(event)
            guard unsafe yaml_parser_parse(parser, event) == 1 else { throw fault() }
            switch unsafe event.pointee.type {
            case YAML_STREAM_START_EVENT: continue
            case YAML_SCALAR_EVENT: return .scalar
            case YAML_MAPPING_START_EVENT: return .mappingStart
            case YAML_MAPPING_END_EVENT: return .mappingEnd
            case YAML_SEQUENCE_START_EVENT: return .sequenceStart
            case YAML_SEQUENCE_END_EVENT: return .sequenceEnd
            case YAML_ALIAS_EVENT: return .alias
            case YAML_DOCUMENT_START_EVENT: return .documentStart
            case YAML_DOCUMENT_END_EVENT: return .documentEnd
            default: return .streamEnd
            }
        }
    }

    /// Where the event stands.
    var place: SourcePlace {
        let (start, end) = unsafe (event.pointee.start_mark, event.pointee.end_mark)
        let length = start.line == end.line ? end.column - start.column : 1
        return SourcePlace(
            line: start.line + 1,
            column: start.column + 1,
            length: max(length, 1)
        )
    }

    /// Whether a scalar is written without quotes, not as a block, and without a tag that says text.
    var isPlain: Bool {
        unsafe event.pointee.data.scalar.style == YAML_PLAIN_SCALAR_STYLE
    }

    /// Adds a scalar's text to others.
    func append(to texts: inout [UInt8]) {
        unsafe texts.append(contentsOf: scalar)
    }

    /// A scalar's word.
    func word(in words: inout WordTable) -> WordTable.Word { unsafe words.word(of: scalar) }

    private var scalar: UnsafeBufferPointer<UInt8> {
        let scalar = unsafe event.pointee.data.scalar
        return unsafe UnsafeBufferPointer(start: scalar.value, count: scalar.length)
    }

    /// The name that an anchor gives to a scalar, sequence or mapping, or that an alias asks for.
    func name(of kind: Kind) -> String? {
        switch kind {
        case .alias: unsafe Self.text(event.pointee.data.alias.anchor)
        case .scalar: unsafe Self.text(event.pointee.data.scalar.anchor)
        case .sequenceStart: unsafe Self.text(event.pointee.data.sequence_start.anchor)
        case .mappingStart: unsafe Self.text(event.pointee.data.mapping_start.anchor)
        default: nil
        }
    }

    /// The tag of a scalar, sequence or mapping.
    func tag(of kind: Kind) -> String? {
        switch kind {
        case .scalar: unsafe Self.text(event.pointee.data.scalar.tag)
        case .sequenceStart: unsafe Self.text(event.pointee.data.sequence_start.tag)
        case .mappingStart: unsafe Self.text(event.pointee.data.mapping_start.tag)
        default: nil
        }
    }

    private static func text(_ text: UnsafeMutablePointer<yaml_char_t>?) -> String? {
        guard let text = unsafe text else { return nil }
        return unsafe String(cString: text)
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
