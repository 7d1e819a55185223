import CLibYAML
import Reconciliation

/// The floor of all reading: libyaml's events, taken and thrown away.
enum EventLoop {
    /// Events of all texts.
    static func count(_ texts: [ConfigurationText]) -> Int {
        var count = 0
        for text in texts {
            text.bytes.withUnsafeBufferPointer { bytes in
                var parser = yaml_parser_t()
                guard yaml_parser_initialize(&parser) == 1 else { fatalError("out of memory") }
                defer { yaml_parser_delete(&parser) }
                yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING)
                yaml_parser_set_input_string(&parser, bytes.baseAddress, bytes.count)
                var event = yaml_event_t()
                while yaml_parser_parse(&parser, &event) == 1 {
                    let isEnd = event.type == YAML_STREAM_END_EVENT
                    yaml_event_delete(&event)
                    count += 1
                    if isEnd { return }
                }
                fatalError("\(text.path): not YAML")
            }
        }
        return count
    }
}
