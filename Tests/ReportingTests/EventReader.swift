import Foundation

/// Reads event files, written from their description and apart from the code that writes them.
struct EventReader {
    struct Event {
        var time = 0.0
        var step = 0
        var version: String?
        var scalars: [String: Float] = [:]
        var texts: [String: String] = [:]
        /// By tag: what the plugin for hyperparameters is told.
        var plugins: [String: (name: String, content: [UInt8])] = [:]
        /// By tag: shape and numbers of tensors of floats.
        var tensors: [String: (shape: [Int], values: [Float])] = [:]
        var images: [String: (width: Int, height: Int, channels: Int, png: [UInt8])] = [:]
        /// (min, max, num, sum, limits, buckets)
        var histograms: [String: (low: Double, high: Double, count: Double, limits: [Double], buckets: [Double])] = [:]
    }

    struct Damage: Error {}

    static func read(_ bytes: [UInt8]) throws -> [Event] {
        var events: [Event] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            guard rest.count >= 16 else { throw Damage() }
            let length = Array(rest.prefix(8))
            let count = Int(number(length))
            guard number(rest.dropFirst(8).prefix(4)) == UInt64(masked(length)), rest.count >= 16 + count else {
                throw Damage()
            }
            let message = Array(rest.dropFirst(12).prefix(count))
            guard number(rest.dropFirst(12 + count).prefix(4)) == UInt64(masked(message)) else { throw Damage() }
            events.append(try event(message))
            rest = rest.dropFirst(16 + count)
        }
        return events
    }

    /// CRC-32C bit by bit, then masked.
    private static func masked(_ bytes: [UInt8]) -> UInt32 {
        var value: UInt32 = 0xFFFF_FFFF
        for byte in bytes {
            for bit in 0..<8 {
                let isOdd = (value ^ UInt32(byte >> UInt8(bit))) & 1 == 1
                value >>= 1
                if isOdd { value ^= 0x82F6_3B78 }
            }
        }
        value = ~value
        return ((value >> 15) | (value << 17)) &+ 0xA282_EAD8
    }

    private static func number(_ bytes: some Sequence<UInt8>) -> UInt64 {
        bytes.enumerated().reduce(0) { $0 | UInt64($1.element) << UInt64(8 * $1.offset) }
    }

    private struct Field {
        let number: Int
        var integer: UInt64 = 0
        var bytes: [UInt8] = []
        var double: Double { Double(bitPattern: integer) }
        var float: Float { Float(bitPattern: UInt32(integer)) }
        var text: String { String(decoding: bytes, as: UTF8.self) }
        var doubles: [Double] {
            stride(from: 0, to: bytes.count, by: 8).map {
                Double(bitPattern: EventReader.number(bytes[$0..<$0 + 8]))
            }
        }
    }

    private static func fields(_ message: [UInt8]) throws -> [Field] {
        var fields: [Field] = []
        var at = 0
        func varint() throws -> UInt64 {
            var value: UInt64 = 0
            var shift: UInt64 = 0
            while true {
                guard at < message.count, shift < 64 else { throw Damage() }
                value |= UInt64(message[at] & 0x7F) << shift
                shift += 7
                at += 1
                if message[at - 1] < 0x80 { return value }
            }
        }
        while at < message.count {
            let tag = try varint()
            var field = Field(number: Int(tag >> 3))
            switch tag & 7 {
            case 0: field.integer = try varint()
            case 1, 5:
                let size = tag & 7 == 1 ? 8 : 4
                guard at + size <= message.count else { throw Damage() }
                field.integer = number(message[at..<at + size])
                at += size
            case 2:
                let size = Int(try varint())
                guard at + size <= message.count else { throw Damage() }
                field.bytes = Array(message[at..<at + size])
                at += size
            default: throw Damage()
            }
            fields.append(field)
        }
        return fields
    }

    private static func event(_ message: [UInt8]) throws -> Event {
        var event = Event()
        for field in try fields(message) {
            switch field.number {
            case 1: event.time = field.double
            case 2: event.step = Int(field.integer)
            case 3: event.version = field.text
            case 5: for value in try fields(field.bytes) { try read(value.bytes, into: &event) }
            default: throw Damage()
            }
        }
        return event
    }

    private static func read(_ value: [UInt8], into event: inout Event) throws {
        var tag = ""
        for field in try fields(value) {
            switch field.number {
            case 1: tag = field.text
            case 2: event.scalars[tag] = field.float
            case 4:
                let parts = Dictionary(try fields(field.bytes).map { ($0.number, $0) }) { $1 }
                event.images[tag] = (
                    Int(parts[2]!.integer), Int(parts[1]!.integer), Int(parts[3]!.integer), parts[4]!.bytes
                )
            case 5:
                let parts = Dictionary(try fields(field.bytes).map { ($0.number, $0) }) { $1 }
                event.histograms[tag] = (
                    parts[1]!.double, parts[2]!.double, parts[3]!.double, parts[6]!.doubles, parts[7]!.doubles
                )
            case 8:
                let parts = Dictionary(try fields(field.bytes).map { ($0.number, $0) }) { $1 }
                if parts[1]?.integer == 7 { event.texts[tag] = parts[8]?.text }
                if parts[1]?.integer == 1, let numbers = parts[5]?.bytes {
                    let axes = try fields(parts[2]?.bytes ?? []).flatMap { try fields($0.bytes) }
                    let values = stride(from: 0, to: numbers.count, by: 4).map {
                        Float(bitPattern: UInt32(number(numbers[$0..<$0 + 4])))
                    }
                    event.tensors[tag] = (axes.map { Int($0.integer) }, values)
                }
            case 9:
                let parts = Dictionary(try fields(field.bytes).map { ($0.number, $0) }) { $1 }
                let data = Dictionary(try fields(parts[1]!.bytes).map { ($0.number, $0) }) { $1 }
                event.plugins[tag] = (data[1]!.text, data[2]?.bytes ?? [])
            default: throw Damage()
            }
        }
    }

    /// The keys of the map of hyperparameters in a message of the plugin, each with its number or text.
    static func hyperparameters(_ content: [UInt8]) throws -> [String: String] {
        var found: [String: String] = [:]
        for start in try fields(content) where start.number == 3 {
            for entry in try fields(start.bytes) where entry.number == 1 {
                let parts = Dictionary(try fields(entry.bytes).map { ($0.number, $0) }) { $1 }
                let value = try fields(parts[2]!.bytes)[0]
                found[parts[1]!.text] =
                    switch value.number {
                    case 2: "\(value.double)"
                    case 4: "\(value.integer == 1)"
                    default: value.text
                    }
            }
        }
        return found
    }

    /// The names of the keys and of the measures in the message of the plugin that describes an experiment.
    static func experiment(_ content: [UInt8]) throws -> (keys: [String], measures: [String]) {
        var found: (keys: [String], measures: [String]) = ([], [])
        for experiment in try fields(content) where experiment.number == 2 {
            for info in try fields(experiment.bytes) {
                for name in try fields(info.bytes) where name.number == 1 {
                    if info.number == 4 { found.keys.append(name.text) }
                    if info.number == 5 {
                        found.measures += try fields(name.bytes).filter { $0.number == 2 }.map(\.text)
                    }
                }
            }
        }
        return found
    }

    /// The state of a session in the message of the plugin that ends it.
    static func status(_ content: [UInt8]) throws -> Int? {
        for end in try fields(content) where end.number == 4 {
            for field in try fields(end.bytes) where field.number == 1 { return Int(field.integer) }
        }
        return nil
    }
}
