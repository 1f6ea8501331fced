// Quantization: graphs whose convolutions and products run in 8-bit integers.

/// What layers were given and made while a model looked at images: the least and the largest number, by the layer's path.
public struct ActivationRanges: Sendable {
    /// Of what convolutions and linear layers are given.
    public private(set) var inputs: [String: ClosedRange<Float>] = [:]
    /// Of what convolutions and batch norms make.
    public private(set) var outputs: [String: ClosedRange<Float>] = [:]

    /// Of nothing so far.
    public init() {}

    /// Takes numbers that a layer was given.
    public mutating func add(input path: String, _ values: ClosedRange<Float>) { Self.widen(&inputs[path], values) }

    /// Takes numbers that a layer made.
    public mutating func add(output path: String, _ values: ClosedRange<Float>) { Self.widen(&outputs[path], values) }

    private static func widen(_ range: inout ClosedRange<Float>?, _ values: ClosedRange<Float>) {
        guard let known = range else {
            range = values
            return
        }
        range = min(known.lowerBound, values.lowerBound)...max(known.upperBound, values.upperBound)
    }
}

/// Numbers as bytes: scale (byte - zero). 0 is one of them, so that padding stays what it is.
public struct ByteScale: Sendable, Equatable {
    /// From one byte to the next.
    public let scale: Float
    /// The byte that stands for 0.
    public let zero: UInt8

    /// The bytes of a range, which is widened to hold 0.
    public init(_ range: ClosedRange<Float>) {
        let (low, high) = (min(range.lowerBound, 0), max(range.upperBound, 0))
        scale = high > low ? (high - low) / 255 : 1
        zero = UInt8(min(max((-low / scale).rounded(.toNearestOrEven), 0), 255))
    }

    /// A number as its nearest byte says it, ties to even.
    public func rounded(_ value: Float) -> Float {
        let byte = (value / scale).rounded(.toNearestOrEven) + Float(zero)
        return (min(max(byte, 0), 255) - Float(zero)) * scale
    }
}

/// Weights as signed bytes from -127 to 127 with a scale for each channel of the result, 0 being 0.
public struct SignedBytes: Sendable, Equatable {
    /// In the order of the weights.
    public let values: [Int8]
    /// One for each channel of the result.
    public let scales: [Float]

    /// - Parameter weights: [channels of the result, ...].
    public init(_ weights: [Float], channels: Int) {
        let size = weights.count / max(1, channels)
        let scales = (0..<channels).map { channel -> Float in
            let largest = weights[channel * size..<(channel + 1) * size].reduce(0) { max($0, abs($1)) }
            return largest > 0 && largest.isFinite ? largest / 127 : 1
        }
        self.scales = scales
        values = weights.enumerated().map { index, weight in
            Int8(min(max((weight / scales[index / size]).rounded(.toNearestOrEven), -127), 127))
        }
    }

    /// The weights as the bytes say them.
    public var floats: [Float] {
        let size = values.count / max(1, scales.count)
        return values.enumerated().map { Float($1) * scales[$0 / size] }
    }
}

/// Which layers of a graph run in 8-bit integers, and where activations are brought to bytes, by the layer's path.
public struct QuantizedLayers: Sendable, Equatable {
    /// Convolutions and linear layers: what they are given are bytes, and their weights.
    public internal(set) var layers: [String] = []
    /// Convolutions and batch norms: what they make are bytes.
    public internal(set) var outputs: [String] = []
    /// Convolutions and linear layers that stay as they are.
    public internal(set) var others: [String] = []
}
