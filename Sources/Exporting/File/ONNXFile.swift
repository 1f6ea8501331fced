// File: the bytes of an ONNX file, and nothing about models.

import ProtobufWriting

/// The bytes of an ONNX file: `ModelProto` of onnx.proto, IR version 8, with the fields that our models need.
struct ONNXFile {
    /// The operators are those of this version of the default operator set.
    static let operatorSet = 17
    /// The version of the file format that belongs to the operator set.
    static let formatVersion = 8
    /// What a message of Protocol Buffers may hold.
    static let largestFile = Int(Int32.max)

    let nodes: [Node]
    let initializers: [Initializer]
    let input: GraphValue
    let outputs: [GraphValue]
    let description: String
    let metadata: [String: String]

    /// The file in pieces, so that parameters are not copied from message to message.
    /// - Throws: `ExportError` when the file would be larger than its format allows.
    func pieces() throws -> [[UInt8]] {
        let constants = initializers.flatMap(Self.pieces)
        let graph = graphFields
        let graphSize = constants.reduce(graph.count) { $0 + $1.count }
        guard graphSize < Self.largestFile - (1 << 20) else {
            throw ExportError(
                "the model takes \(graphSize >> 20) MB, but an ONNX file holds 2048 MB at most; export a smaller model")
        }
        return [modelFields + ProtobufWriter.header(7, length: graphSize) + graph] + constants
    }

    private var modelFields: [UInt8] {
        ProtobufWriter.message { model in
            model.integer(1, Self.formatVersion)
            model.string(2, "hornbeam")
            model.string(6, description)
            model.message(8) { set in
                set.string(1, "")
                set.integer(2, Self.operatorSet)
            }
            for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
                model.message(14) { entry in
                    entry.string(1, key)
                    entry.string(2, value)
                }
            }
        }
    }

    /// The graph's fields but for the initializers.
    private var graphFields: [UInt8] {
        ProtobufWriter.message { graph in
            for node in nodes { graph.message(1) { Self.write(node, to: &$0) } }
            graph.string(2, "classifier")
            graph.message(11) { Self.write(input, to: &$0) }
            for output in outputs { graph.message(12) { Self.write(output, to: &$0) } }
        }
    }

    private static func write(_ node: Node, to message: inout ProtobufWriter) {
        for input in node.inputs { message.string(1, input) }
        for output in node.outputs { message.string(2, output) }
        message.string(3, node.name)
        message.string(4, node.kind)
        for (name, value) in node.attributes.sorted(by: { $0.key < $1.key }) {
            message.message(5) { attribute in
                attribute.string(1, name)
                switch value {
                case .float(let number):
                    attribute.float(2, Float(number))
                    attribute.integer(20, 1)
                case .integer(let number):
                    attribute.integer(3, number)
                    attribute.integer(20, 2)
                case .integers(let numbers):
                    attribute.integers(8, numbers)
                    attribute.integer(20, 7)
                case .word(let word):
                    attribute.string(4, word)
                    attribute.integer(20, 3)
                }
            }
        }
    }

    private static func write(_ value: GraphValue, to message: inout ProtobufWriter) {
        message.string(1, value.name)
        message.message(2) { type in
            type.message(1) { tensor in
                tensor.integer(1, value.type)
                tensor.message(2) { shape in
                    for extent in value.extents {
                        shape.message(1) { axis in
                            if let number = Int(extent) { axis.integer(1, number) } else { axis.string(2, extent) }
                        }
                    }
                }
            }
        }
    }

    private static func pieces(_ initializer: Initializer) -> [[UInt8]] {
        let raw = initializer.rawBytes
        let head =
            ProtobufWriter.message { tensor in
                if !initializer.shape.isEmpty { tensor.integers(1, initializer.shape) }
                tensor.integer(2, initializer.type)
                tensor.string(8, initializer.name)
            } + ProtobufWriter.header(9, length: raw.count)
        return [ProtobufWriter.header(5, length: head.count + raw.count) + head, raw]
    }
}
