import Tensors

extension Operation {
    package static let globalFilter = Operation("globalFilter")
    package static let resizeFilter = Operation("resizeFilter")
}

/// The extent of a global filter that fits a map without resizing: the rows and columns of its half spectrum.
public func globalFilterShape(height: Int, width: Int) -> (rows: Int, columns: Int) { (height, width / 2 + 1) }

extension Variable {
    /// Multiplies the spectrum over height and width by a filter: irfft2(rfft2(x) k), both transforms orthonormal, which
    /// is a circular convolution with irfft2(k); Rao et al., arXiv 2107.00645 and, as half of gnConv's mixer, 2207.14284.
    ///
    /// In the columns 0 and W / 2 (W even) only that part of the filter acts which is Hermitian over rows. A filter of
    /// another size than the half spectrum is resized first, see `resizedFilter(rows:columns:)`.
    ///
    /// Gradient: the same filter with conj(k) for x; m sum over images of rfft2(g) conj(rfft2(x)) for k, m = 1 in the
    /// columns named above and 2 elsewhere.
    ///
    /// - Parameters:
    ///   - filter: [h, w, C, 2] with (re, im) last.
    ///   - halvesInput: whether x is kept for the gradient in bfloat16 where products are; it pays where nothing else keeps x.
    /// - Returns: [N, H, W, C], the shape of x.
    public func globalFilter(_ filter: Variable, halvesInput: Bool = false) -> Variable {
        require(
            shape.rank == 4 && filter.shape.rank == 4 && filter.shape[2] == shape[3] && filter.shape[3] == 2
                && shape.elementCount > 0 && filter.shape.elementCount > 0,
            "globalFilter", [shape, filter.shape], "the operands must be [N, H, W, C] and [h, w, C, 2], none empty")
        let (rows, columns) = globalFilterShape(height: shape[1], width: shape[2])
        let fitting = filter.resizedFilter(rows: rows, columns: columns)
        let k = fitting.value
        let output = value.globalFilter(k)
        let kept = kept(halving: halvesInput, for: [fitting])
        return Self.record(.globalFilter, [self, fitting], output) { g, needs in
            if !needs[1] { return [g.globalFilterInputGradient(k), nil] }
            let (dx, dk) = g.globalFilterGradients(kept.tensor, k, needsInput: needs[0])
            return [dx, dk]
        }
    }

    /// A global filter [h, w, C, 2] for another half spectrum, [rows, columns, C, 2]: bilinear interpolation of the real
    /// and the imaginary part with the corners aligned, the frequencies in their stored order. The filter itself when
    /// the sizes are equal. Gradient: g spread over the same neighbours with the same weights.
    public func resizedFilter(rows: Int, columns: Int) -> Variable {
        require(
            shape.rank == 4 && shape[3] == 2 && shape.elementCount > 0 && rows > 0 && columns > 0, "resizeFilter",
            [shape], "the filter must be [h, w, C, 2] and the target \(rows) x \(columns) not empty")
        if shape[0] == rows && shape[1] == columns { return self }
        let shape = shape
        return Self.record(.resizeFilter, [self], value.resizedFilter(rows: rows, columns: columns)) { g, _ in
            [g.resizedFilterGradient(to: shape)]
        }
    }
}

extension GradientCheck {
    static let globalFilter: [GradientCheck] = [
        GradientCheck("globalFilter/even", [[2, 4, 4, 3], [4, 3, 3, 2]]) { [$0[0].globalFilter($0[1])] },
        GradientCheck("globalFilter/odd", [[2, 3, 5, 2], [3, 3, 2, 2]]) { [$0[0].globalFilter($0[1])] },
        GradientCheck("globalFilter/size 1", [[2, 1, 1, 2], [1, 1, 2, 2]]) { [$0[0].globalFilter($0[1])] },
        GradientCheck("globalFilter/one row", [[1, 1, 6, 1], [1, 4, 1, 2]]) { [$0[0].globalFilter($0[1])] },
        GradientCheck("globalFilter/one column", [[1, 7, 1, 2], [7, 1, 2, 2]]) { [$0[0].globalFilter($0[1])] },
        GradientCheck("globalFilter/resized", [[1, 5, 6, 2], [3, 3, 2, 2]]) { [$0[0].globalFilter($0[1])] },
        GradientCheck("resizeFilter/larger", [[2, 3, 3, 2]]) { [$0[0].resizedFilter(rows: 5, columns: 4)] },
        GradientCheck("resizeFilter/smaller", [[6, 4, 2, 2]]) { [$0[0].resizedFilter(rows: 3, columns: 1)] },
    ]
}
