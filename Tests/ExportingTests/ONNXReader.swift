/// Reads ONNX files, written from the format's description and apart from the code that writes them.
struct ONNXReader {
    struct Damage: Error {
        let reason: String
    }

    struct Attribute {
        var type = 0
        var integer = 0
        var float: Float = 0
        var integers: [Int] = []
        var word = ""
    }

    struct Node {
        var kind = ""
        var name = ""
        var inputs: [String] = []
        var outputs: [String] = []
        var attributes: [String: Attribute] = [:]
    }

    struct Constant {
        var shape: [Int] = []
        var type = 0
        var raw: [UInt8] = []

        var floats: [Float] {
            stride(from: 0, to: raw.count, by: 4).map { Float(bitPattern: UInt32(little(raw[$0..<$0 + 4]))) }
        }
        var doubles: [Double] {
            stride(from: 0, to: raw.count, by: 8).map { Double(bitPattern: UInt64(little(raw[$0..<$0 + 8]))) }
        }
        /// All kinds as numbers.
        var numbers: [Double] {
            switch type {
            case 2: raw.map { Double($0) }
            case 3: raw.map { Double(Int8(bitPattern: $0)) }
            case 6:
                stride(from: 0, to: raw.count, by: 4).map {
                    Double(Int32(bitPattern: UInt32(little(raw[$0..<$0 + 4]))))
                }
            case 7: integers.map { Double($0) }
            case 10: stride(from: 0, to: raw.count, by: 2).map { half(UInt16(little(raw[$0..<$0 + 2]))) }
            case 11: doubles
            default: floats.map { Double($0) }
            }
        }

        /// A number of half precision, by its three fields.
        private func half(_ bits: UInt16) -> Double {
            let (exponent, fraction) = (Int(bits >> 10 & 31), Double(bits & 1023) / 1024)
            let size =
                exponent == 0
                ? fraction * 0x1p-14 : (1 + fraction) * Double(sign: .plus, exponent: exponent - 15, significand: 1)
            return bits >> 15 == 1 ? -size : size
        }
        var integers: [Int] {
            stride(from: 0, to: raw.count, by: 8).map { Int(Int64(bitPattern: little(raw[$0..<$0 + 8]))) }
        }
    }

    struct Value: Equatable {
        var name = ""
        var type = 0
        /// Numbers or names of free sizes.
        var shape: [String] = []
    }

    var version = 0
    var producer = ""
    var description = ""
    var operatorSets: [String: Int] = [:]
    var metadata: [String: String] = [:]
    var nodes: [Node] = []
    var constants: [String: Constant] = [:]
    var inputs: [Value] = []
    var outputs: [Value] = []

    init(_ bytes: [UInt8]) throws {
        for field in try Self.fields(bytes[...]) {
            switch field.number {
            case 1: version = field.integer
            case 2: producer = field.text
            case 6: description = field.text
            case 7: try readGraph(field.bytes)
            case 8:
                let parts = try Self.byNumber(field.bytes)
                operatorSets[parts[1]?.text ?? ""] = parts[2]?.integer
            case 14:
                let parts = try Self.byNumber(field.bytes)
                metadata[parts[1]?.text ?? ""] = parts[2]?.text
            default: throw Damage(reason: "field \(field.number) of the model")
            }
        }
    }

    private mutating func readGraph(_ bytes: ArraySlice<UInt8>) throws {
        for field in try Self.fields(bytes) {
            switch field.number {
            case 1: nodes.append(try Self.node(field.bytes))
            case 2: break
            case 5:
                var constant = Constant()
                var name = ""
                for part in try Self.fields(field.bytes) {
                    switch part.number {
                    case 1: constant.shape += try Self.integers(part)
                    case 2: constant.type = part.integer
                    case 8: name = part.text
                    case 9: constant.raw = Array(part.bytes)
                    default: throw Damage(reason: "field \(part.number) of a tensor")
                    }
                }
                guard constants.updateValue(constant, forKey: name) == nil else {
                    throw Damage(reason: "two constants are called \(name)")
                }
            case 11: inputs.append(try Self.value(field.bytes))
            case 12: outputs.append(try Self.value(field.bytes))
            default: throw Damage(reason: "field \(field.number) of the graph")
            }
        }
    }

    private static func node(_ bytes: ArraySlice<UInt8>) throws -> Node {
        var node = Node()
        for field in try fields(bytes) {
            switch field.number {
            case 1: node.inputs.append(field.text)
            case 2: node.outputs.append(field.text)
            case 3: node.name = field.text
            case 4: node.kind = field.text
            case 5:
                var attribute = Attribute()
                var name = ""
                for part in try fields(field.bytes) {
                    switch part.number {
                    case 1: name = part.text
                    case 2: attribute.float = Float(bitPattern: UInt32(part.integer))
                    case 3: attribute.integer = part.integer
                    case 4: attribute.word = part.text
                    case 8: attribute.integers += try integers(part)
                    case 20: attribute.type = part.integer
                    default: throw Damage(reason: "field \(part.number) of an attribute")
                    }
                }
                node.attributes[name] = attribute
            default: throw Damage(reason: "field \(field.number) of a node")
            }
        }
        return node
    }

    private static func value(_ bytes: ArraySlice<UInt8>) throws -> Value {
        let parts = try byNumber(bytes)
        var value = Value(name: parts[1]?.text ?? "")
        guard let type = parts[2], let tensor = try byNumber(type.bytes)[1] else { throw Damage(reason: "no type") }
        let fields = try byNumber(tensor.bytes)
        value.type = fields[1]?.integer ?? 0
        for dimension in try Self.fields(fields[2]?.bytes ?? []) {
            let size = try byNumber(dimension.bytes)
            value.shape.append(size[2]?.text ?? "\(size[1]?.integer ?? -1)")
        }
        return value
    }

    private struct Field {
        let number: Int
        var integer = 0
        var bytes: ArraySlice<UInt8> = []
        var text: String { String(decoding: bytes, as: UTF8.self) }
    }

    private static func byNumber(_ bytes: ArraySlice<UInt8>) throws -> [Int: Field] {
        Dictionary(try fields(bytes).map { ($0.number, $0) }) { $1 }
    }

    /// `repeated int64`, packed or not.
    private static func integers(_ field: Field) throws -> [Int] {
        if field.bytes.isEmpty { return [field.integer] }
        var at = field.bytes.startIndex
        var values: [Int] = []
        while at < field.bytes.endIndex { values.append(Int(Int64(bitPattern: try varint(field.bytes, &at)))) }
        return values
    }

    private static func varint(_ bytes: ArraySlice<UInt8>, _ at: inout Int) throws -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            guard at < bytes.endIndex, shift < 64 else { throw Damage(reason: "a number without an end") }
            value |= UInt64(bytes[at] & 0x7F) << shift
            shift += 7
            at += 1
            if bytes[at - 1] < 0x80 { return value }
        }
    }

    private static func fields(_ bytes: ArraySlice<UInt8>) throws -> [Field] {
        var fields: [Field] = []
        var at = bytes.startIndex
        while at < bytes.endIndex {
            let tag = try varint(bytes, &at)
            var field = Field(number: Int(tag >> 3))
            switch tag & 7 {
            case 0: field.integer = Int(Int64(bitPattern: try varint(bytes, &at)))
            case 2:
                let size = Int(try varint(bytes, &at))
                guard size <= bytes.endIndex - at else { throw Damage(reason: "a field that is cut short") }
                field.bytes = bytes[at..<at + size]
                at += size
            case 5:
                guard bytes.endIndex - at >= 4 else { throw Damage(reason: "a field that is cut short") }
                field.integer = Int(little(bytes[at..<at + 4]))
                at += 4
            default: throw Damage(reason: "a field of kind \(tag & 7)")
            }
            fields.append(field)
        }
        return fields
    }
}

private func little(_ bytes: some Sequence<UInt8>) -> UInt64 {
    bytes.enumerated().reduce(0) { $0 | UInt64($1.element) << UInt64(8 * $1.offset) }
}
