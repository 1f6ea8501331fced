import ProtobufWriting

/// One record of an event file, as TensorBoard reads it.
package struct EventRecord: Sendable {
    /// What an event shows under a tag.
    package enum Value: Sendable {
        case scalar(Double)
        /// An image as a PNG file; 1 channel is grey, 3 are red, green and blue.
        case image(png: [UInt8], width: Int, height: Int, channels: Int)
        case histogram(Histogram)
        /// Text in Markdown.
        case text(String)
        /// A message of the plugin for hyperparameters (HParamsPluginData), which carries no tensor of its own.
        case hyperparameters([UInt8])
        /// Precision and recall over thresholds.
        case precisionRecall(PrecisionRecallExport)
    }

    /// Seconds since 1970.
    package var wallTime: Double
    /// The updates made so far.
    package var step: Int
    package var values: [(tag: String, value: Value)]

    package init(wallTime: Double, step: Int, values: [(tag: String, value: Value)]) {
        self.wallTime = wallTime
        self.step = step
        self.values = values
    }

    /// The record that every event file begins with.
    static func version(wallTime: Double) -> [UInt8] {
        framed(
            ProtobufWriter.message { event in
                event.double(1, wallTime)
                event.string(3, "brain.Event:2")
            })
    }

    /// The bytes of the record in a file: length, checksum of the length, message, checksum of the message.
    package var encoded: [UInt8] {
        Self.framed(
            ProtobufWriter.message { event in
                event.double(1, wallTime)
                event.integer(2, step)
                event.message(5) { summary in
                    for (tag, value) in values { summary.message(1) { Self.write(tag, value, to: &$0) } }
                }
            })
    }

    private static func write(_ tag: String, _ value: Value, to writer: inout ProtobufWriter) {
        writer.string(1, tag)
        switch value {
        case .scalar(let number): writer.float(2, Float(number))
        case .image(let png, let width, let height, let channels):
            writer.message(4) { image in
                image.integer(1, height)
                image.integer(2, width)
                image.integer(3, channels)
                image.bytes(4, png)
            }
        case .histogram(let histogram):
            writer.message(5) { message in
                message.double(1, histogram.low)
                message.double(2, histogram.high)
                message.double(3, Double(histogram.count))
                message.double(4, histogram.mean * Double(histogram.count))
                message.double(5, histogram.meanSquare * Double(histogram.count))
                message.doubles(6, histogram.limits)
                message.doubles(7, histogram.bins.map { Double($0) })
            }
        case .text(let text):
            // A tensor of one string (DT_STRING).
            writer.message(8) { tensor in
                tensor.integer(1, 7)
                tensor.message(2) { _ in }
                tensor.string(8, text)
            }
            metadata("text", nil, to: &writer)
        case .hyperparameters(let content):
            // A tensor of one zero (DT_FLOAT), which readers want to be there.
            writer.message(8) { tensor in
                tensor.integer(1, 1)
                tensor.message(2) { _ in }
                tensor.floats(5, [0])
            }
            metadata("hparams", content, to: &writer)
        case .precisionRecall(let curve):
            writer.message(8) { tensor in
                tensor.integer(1, 1)
                tensor.message(2) { shape in
                    for extent in [6, curve.rows.count] { shape.message(2) { $0.integer(1, extent) } }
                }
                tensor.floats(5, curve.values)
            }
            metadata("pr_curves", curve.content, to: &writer)
        }
    }

    /// Which of TensorBoard's plugins a value is for.
    private static func metadata(_ plugin: String, _ content: [UInt8]?, to writer: inout ProtobufWriter) {
        writer.message(9) { metadata in
            metadata.message(1) { data in
                data.string(1, plugin)
                if let content { data.bytes(2, content) }
            }
        }
    }

    private static func framed(_ message: [UInt8]) -> [UInt8] {
        let length = littleEndian(UInt64(message.count))
        return length + littleEndian(CRC32C.masked(length)) + message + littleEndian(CRC32C.masked(message))
    }

    private static func littleEndian<Bits: FixedWidthInteger>(_ value: Bits) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }
}
