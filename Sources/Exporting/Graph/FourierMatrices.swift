import Foundation

/// The orthonormal transforms between real maps of a size and their half spectra as real matrices, so that a graph
/// needs nothing but products: complex rows [re ..., im ...] are multiplied by them from the right.
///
/// rfft2 is `widthForward`, then `heightForward` along the other axis; irfft2 is `heightInverse`, then `widthInverse`,
/// which drops what an inverse real transform drops: the imaginary parts of column 0 and, for even widths, of the last.
package struct FourierMatrices: Sendable {
    package let height: Int
    package let width: Int
    /// Columns of the half spectrum.
    package var columns: Int { width / 2 + 1 }

    package init(height: Int, width: Int) {
        self.height = height
        self.width = width
    }

    /// Real rows [W] to half spectra, [W, 2 columns].
    package var widthForward: [Float] {
        let scale = 1 / Double(width).squareRoot()
        return (0..<width).flatMap { x in
            (0..<2 * columns).map { column in
                column < columns
                    ? Float(scale * cosine(x * column, width)) : Float(-scale * sine(x * (column - columns), width))
            }
        }
    }

    /// Half spectra to real rows, [2 columns, W]. A column stands for itself and for its mirror image.
    package var widthInverse: [Float] {
        let scale = 1 / Double(width).squareRoot()
        return (0..<2 * columns).flatMap { row in
            let column = row % columns
            let count: Double = column == 0 || 2 * column == width ? 1 : 2
            return (0..<width).map { x in
                row < columns
                    ? Float(count * scale * cosine(x * column, width)) : Float(-count * scale * sine(x * column, width))
            }
        }
    }

    /// Complex columns [2 H] to their spectra, [2 H, 2 H].
    package var heightForward: [Float] { complex(sign: -1) }

    /// The inverse of `heightForward`.
    package var heightInverse: [Float] { complex(sign: 1) }

    /// exp(sign 2 pi i y r / H) as [[cos, sign sin], [-sign sin, cos]].
    private func complex(sign: Double) -> [Float] {
        let scale = 1 / Double(height).squareRoot()
        return (0..<2 * height).flatMap { row in
            (0..<2 * height).map { column in
                let phase = (row % height) * (column % height)
                if (row < height) == (column < height) { return Float(scale * cosine(phase, height)) }
                return Float((row < height ? 1 : -1) * sign * scale * sine(phase, height))
            }
        }
    }
}

/// cos(2 pi numerator / denominator), exact where it is 0 or 1.
private func cosine(_ numerator: Int, _ denominator: Int) -> Double {
    let rest = numerator % denominator
    if 4 * rest == denominator || 4 * rest == 3 * denominator { return 0 }
    return cos(2 * .pi * Double(rest) / Double(denominator))
}

/// sin(2 pi numerator / denominator), exact where it is 0: imaginary parts that have no meaning must not leak in.
private func sine(_ numerator: Int, _ denominator: Int) -> Double {
    let rest = numerator % denominator
    if rest == 0 || 2 * rest == denominator { return 0 }
    return sin(2 * .pi * Double(rest) / Double(denominator))
}
