import Tensors

extension Operation {
    package static let split = Operation("split")
    package static let slice = Operation("slice")
    package static let concatenate = Operation("concatenate")
    package static let interleave = Operation("interleave")
}

extension Variable {
    /// Consecutive ranges of the last axis, [.., widths[i]] each; the widths add up to its extent. Gradient: the
    /// gradients beside each other, zeros where a part is not used.
    public func split(channels widths: [Int]) -> [Variable] {
        require(
            shape.rank >= 1 && !widths.isEmpty && widths.allSatisfy { $0 > 0 } && widths.reduce(0, +) == shape.columns,
            "split", [shape], "the widths \(widths) must be positive and add up to the last axis")
        let shape = shape
        return Self.record(.split, [self], outputs: value.split(channels: widths)) { gradients, _ in
            [.concatenated(gradients, widths: widths, like: shape)]
        }
    }

    /// The channels of `range`, [.., range.count]. Gradient: g in that range, zeros elsewhere.
    public func sliced(channels range: Range<Int>) -> Variable {
        require(
            shape.rank >= 1 && range.lowerBound >= 0 && !range.isEmpty && range.upperBound <= shape.columns, "slice",
            [shape], "the channels \(range) must lie in the last axis")
        let shape = shape
        return Self.record(.slice, [self], value.sliced(channels: range)) { g, _ in
            let widths = [range.lowerBound, range.count, shape.columns - range.upperBound]
            return [.concatenated([nil, g, nil], widths: widths, like: shape)]
        }
    }

    /// The parts beside each other over the last axis; their other axes are equal. Gradient: the ranges of g.
    public static func concatenated(_ parts: [Variable]) -> Variable {
        guard let first = parts.first else { brokenRule("concatenate", [], "there must be at least one part") }
        require(
            parts.allSatisfy {
                $0.shape.rank >= 1 && $0.shape.dimensions.dropLast() == first.shape.dimensions.dropLast()
            }, "concatenate", parts.map(\.shape), "all axes but the last must be equal")
        let widths = parts.map(\.shape.columns)
        let output = Tensor.concatenated(parts.map(\.value), widths: widths, like: first.shape)
        return Self.record(.concatenate, parts, output) { g, _ in g.split(channels: widths) }
    }

    /// Channel 2i of the result is channel i of a, channel 2i + 1 that of b: [.., 2 C]. Gradient: the even and the odd
    /// channels of g.
    public static func interleaved(_ a: Variable, _ b: Variable) -> Variable {
        require(
            a.shape == b.shape && a.shape.rank >= 1, "interleave", [a.shape, b.shape], "the shapes must be equal")
        return Self.record(.interleave, [a, b], .interleaved(a.value, b.value)) { g, _ in
            let (even, odd) = g.deinterleaved()
            return [even, odd]
        }
    }
}

extension GradientCheck {
    static let channels: [GradientCheck] = [
        GradientCheck("split", [[2, 3, 7]]) { $0[0].split(channels: [1, 2, 4]) },
        GradientCheck("split/one part", [[3, 5]]) { $0[0].split(channels: [5]) },
        GradientCheck("split/unused part", [[4, 6]]) { [$0[0].split(channels: [1, 3, 2])[1]] },
        GradientCheck("slice", [[2, 2, 5]]) { [$0[0].sliced(channels: 1..<3)] },
        GradientCheck("slice/everything", [[3, 2]]) { [$0[0].sliced(channels: 0..<2)] },
        GradientCheck("concatenate", [[2, 3, 1], [2, 3, 4], [2, 3, 2]]) { [.concatenated($0)] },
        GradientCheck("concatenate/one part twice", [[3, 2]]) { [.concatenated([$0[0], $0[0]])] },
        GradientCheck("interleave", [[2, 1, 3], [2, 1, 3]]) { [.interleaved($0[0], $0[1])] },
        GradientCheck("interleave/size 1", [[1], [1]]) { [.interleaved($0[0], $0[1])] },
    ]
}
