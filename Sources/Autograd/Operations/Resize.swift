import Tensors

extension Operation { package static let resize = Operation("resize") }

extension Variable {
    /// The map brought to another size: [N, H, W, C] -> [N, height, width, C].
    ///
    /// Gradient: the adjoint; each pixel collects g from wherever it was read, with the same weight.
    public func resized(height: Int, width: Int, _ mode: ResizeMode) -> Variable {
        require(
            shape.rank == 4 && !shape.dimensions.contains(0) && height >= 1 && width >= 1, Operation.resize.name,
            [shape], "the input must be [images, height, width, channels] and the new size \(height)x\(width) positive")
        let input = shape
        return Self.record(.resize, [self], value.resized(height: height, width: width, mode)) { g, _ in
            [g.resizeGradient(mode, input: input)]
        }
    }
}

extension GradientCheck {
    private static func resize(_ name: String, _ input: Shape, _ size: Pair, _ mode: ResizeMode) -> GradientCheck {
        GradientCheck("resize/" + name, [input]) {
            [$0[0].resized(height: size.height, width: size.width, mode)]
        }
    }

    static let resize: [GradientCheck] = [
        resize("bilinear up", [2, 3, 4, 2], Pair(7, 5), .bilinear(alignCorners: false)),
        resize("bilinear down", [1, 7, 8, 2], Pair(3, 2), .bilinear(alignCorners: false)),
        resize("aligned up", [2, 3, 4, 2], Pair(5, 9), .bilinear(alignCorners: true)),
        resize("aligned down to 1", [1, 4, 3, 2], Pair(1, 2), .bilinear(alignCorners: true)),
        resize("from 1 pixel", [2, 1, 1, 3], Pair(3, 2), .bilinear(alignCorners: false)),
        resize("nearest up", [2, 3, 2, 2], Pair(5, 6), .nearest),
        resize("nearest down", [1, 5, 7, 1], Pair(2, 3), .nearest),
    ]
}
