/// The element type that a file keeps weights in.
public enum WeightPrecision: String, Sendable, CaseIterable {
    /// Single precision, as the trainer has them.
    case fp32
    /// Half precision: half of the file. The graph brings them to single precision before they are used.
    case fp16
    /// 8-bit integers with a scale for each channel; activations are brought to 8 bits, too.
    case int8
}

extension GraphBuilder {
    /// Keeps matrices and kernels in half precision and puts casts before all nodes. What has fewer axes, or values beyond
    /// the range of half precision, stays as it is.
    mutating func halveWeights() {
        var casts: [Node] = []
        initializers = initializers.map { initializer in
            guard case .floats(let values) = initializer.elements, initializer.shape.count > 1,
                values.allSatisfy({ abs($0) <= 65504 })
            else { return initializer }
            let name = initializer.name + ".fp16"
            casts.append(
                Node(
                    name: initializer.name + ".cast", kind: "Cast", inputs: [name], outputs: [initializer.name],
                    attributes: ["to": .integer(ElementType.float)]))
            return Initializer(name: name, shape: initializer.shape, elements: .halves(values.map(HalfWeights.bits)))
        }
        nodes = casts + nodes
    }
}

/// Numbers of half precision.
package enum HalfWeights {
    /// The bits of the nearest number of half precision (IEEE 754), ties to even; by hand because `Float16` is missing on
    /// some platforms.
    package static func bits(_ value: Float) -> UInt16 {
        let sign = UInt16(truncatingIfNeeded: value.bitPattern >> 16) & 0x8000
        let size = abs(value)
        // Below 2^-14 steps are of 2^-24; above, of 2^-10 of the power of two below.
        let exponent = size < 0x1p-14 ? -14 : Int(size.exponent)
        let steps = (size * Float(sign: .plus, exponent: 10 - exponent, significand: 1)).rounded(.toNearestOrEven)
        let bits = size < 0x1p-14 ? Int(steps) : (exponent + 14) << 10 + Int(steps)
        return sign | UInt16(clamping: bits)
    }
}
