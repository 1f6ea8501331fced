import Tensors

extension Operation { package static let padded = Operation("padded") }

extension Variable {
    /// The maps with rows of zeros below and columns of zeros to the right: [N, H, W, C] -> [N, H + below, W + right, C].
    /// Gradient: g without them.
    public func padded(below: Int, right: Int) -> Variable {
        require(
            shape.rank == 4 && below >= 0 && right >= 0, Operation.padded.name, [shape],
            "the input must be [images, height, width, channels], and \(below) and \(right) not negative")
        if below == 0 && right == 0 { return self }
        let input = shape
        return Self.record(.padded, [self], value.padded(below: below, right: right)) { g, _ in
            [g.cropped(height: input[1], width: input[2])]
        }
    }
}

extension GradientCheck {
    static let padding: [GradientCheck] = [
        GradientCheck("padded", [[2, 3, 4, 2]]) { [$0[0].padded(below: 2, right: 1)] },
        GradientCheck("padded/below alone", [[1, 2, 3, 1]]) { [$0[0].padded(below: 1, right: 0)] },
        GradientCheck("padded/size 1", [[1, 1, 1, 1]]) { [$0[0].padded(below: 0, right: 3)] },
    ]
}
