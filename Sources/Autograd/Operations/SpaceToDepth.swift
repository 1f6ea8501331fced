import Tensors

extension Operation {
    package static let spaceToDepth = Operation("spaceToDepth")
    package static let depthToSpace = Operation("depthToSpace")
}

extension Variable {
    /// The channels of each cell of f x f pixels beside each other: [N, H, W, C] -> [N, H / f, W / f, f f C]; f divides
    /// the map. Gradient: `depthToSpace` of g.
    public func spaceToDepth(_ factor: Int, _ order: ChannelOrder) -> Variable {
        requireWindows(.spaceToDepth, Pair(factor), shape)
        return Self.record(.spaceToDepth, [self], value.spaceToDepth(factor, order)) { g, _ in
            [g.depthToSpace(factor, order)]
        }
    }

    /// The inverse of `spaceToDepth`: [N, H, W, f f C] -> [N, H f, W f, C]. Gradient: `spaceToDepth` of g.
    public func depthToSpace(_ factor: Int, _ order: ChannelOrder) -> Variable {
        require(
            shape.rank == 4 && factor >= 1 && shape.elementCount > 0 && shape[3] % (factor * factor) == 0,
            Operation.depthToSpace.name, [shape],
            "the input must be [images, height, width, channels] with channels for cells of \(factor)x\(factor) pixels")
        return Self.record(.depthToSpace, [self], value.depthToSpace(factor, order)) { g, _ in
            [g.spaceToDepth(factor, order)]
        }
    }
}

extension GradientCheck {
    static let spaceToDepth: [GradientCheck] = ChannelOrder.allCases.flatMap { order in
        [
            GradientCheck("spaceToDepth/\(order)", [[2, 4, 6, 3]]) { [$0[0].spaceToDepth(2, order)] },
            GradientCheck("spaceToDepth/\(order), factor 3", [[1, 3, 6, 1]]) { [$0[0].spaceToDepth(3, order)] },
            GradientCheck("depthToSpace/\(order)", [[2, 2, 3, 12]]) { [$0[0].depthToSpace(2, order)] },
            GradientCheck("depthToSpace/\(order), factor 1", [[1, 2, 1, 3]]) { [$0[0].depthToSpace(1, order)] },
        ]
    }
}
