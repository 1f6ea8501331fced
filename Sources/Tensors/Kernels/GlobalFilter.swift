/// The sizes of a global filter's operands: x [images, height, width, channels], filter [height, width / 2 + 1,
/// channels, (re, im)].
public struct GlobalFilterSizes: Sendable {
    /// Maps in the batch.
    public let images: Int
    /// Rows of a map.
    public let height: Int
    /// Columns of a map.
    public let width: Int
    /// Channels of a map.
    public let channels: Int

    /// Columns of the half spectrum.
    var columns: Int { width / 2 + 1 }
    var positions: Int { height * width }
    var bins: Int { height * columns }
    /// Both ortho factors of the transforms there and back.
    var scale: Double { 1 / Double(positions) }

    init(_ shape: Shape) {
        (images, height, width, channels) = (shape[0], shape[1], shape[2], shape[3])
    }

    /// Whether a column of the half spectrum is its own mirror image.
    func isSelfPaired(_ column: Int) -> Bool { column == 0 || 2 * column == width }
}

/// What `Kernels/GlobalFilter.swift` asks of an element type.
public protocol GlobalFilterKernels {
    /// y = irfft2(rfft2(x) k), or with conj(k), per image and channel, orthonormal transforms.
    static func globalFilter(
        _ x: UnsafePointer<Self>, _ k: UnsafePointer<Self>, conjugating: Bool, _ y: UnsafeMutablePointer<Self>,
        _ sizes: GlobalFilterSizes)
    /// For g = dy: dx = irfft2(rfft2(g) conj(k)) unless `dx` is nil, and dk = m sum over images of
    /// rfft2(g) conj(rfft2(x)) with m = 1 in the self-paired columns and 2 elsewhere.
    static func globalFilterGradients(
        _ x: UnsafePointer<Self>, _ k: UnsafePointer<Self>, _ g: UnsafePointer<Self>,
        dx: UnsafeMutablePointer<Self>?, dk: UnsafeMutablePointer<Self>, _ sizes: GlobalFilterSizes)
    /// y = the sum of weights times the four rows.
    static func blend(
        _ rows: (UnsafePointer<Self>, UnsafePointer<Self>, UnsafePointer<Self>, UnsafePointer<Self>),
        _ weights: (Self, Self, Self, Self), _ y: UnsafeMutablePointer<Self>, _ count: Int)
    /// y += scale x.
    static func addScaled(_ x: UnsafePointer<Self>, _ scale: Self, _ y: UnsafeMutablePointer<Self>, _ count: Int)
}

extension Tensor {
    /// irfft2(rfft2(x) k) over height and width for x [N, H, W, C] and k [H, W / 2 + 1, C, 2], both orthonormal.
    package func globalFilter(_ filter: Tensor) -> Tensor { filtered(filter, conjugating: false) }

    /// For self = g: dx.
    package func globalFilterInputGradient(_ filter: Tensor) -> Tensor { filtered(filter, conjugating: true) }

    private func filtered(_ filter: Tensor, conjugating: Bool) -> Tensor {
        Tensor(shape) { y in
            withElements(self, filter) { x, k in
                S.globalFilter(x, k, conjugating: conjugating, y, GlobalFilterSizes(shape))
            }
        }
    }

    /// For self = g: dx (when wanted) and dk.
    package func globalFilterGradients(_ x: Tensor, _ filter: Tensor, needsInput: Bool) -> (dx: Tensor?, dk: Tensor) {
        let dx = needsInput ? Storage<S>(count: elementCount) : nil
        let dk = Tensor(filter.shape) { dk in
            withElements(x, filter, self) { x, k, g in
                S.globalFilterGradients(x, k, g, dx: dx?.pointer, dk: dk, GlobalFilterSizes(shape))
            }
        }
        return (dx.map { Tensor(storage: $0, offset: 0, shape: shape) }, dk)
    }

    /// A filter [h, w, C, 2] for a map whose half spectrum is [rows, columns]: bilinear interpolation of both parts with
    /// the corners aligned, as if the spectrum did not wrap around.
    package func resizedFilter(rows: Int, columns: Int) -> Tensor {
        let depth = shape[2] * shape[3]
        let (vertical, horizontal) = (alignedTaps(shape[0], rows), alignedTaps(shape[1], columns))
        return Tensor([rows, columns, shape[2], shape[3]]) { out in
            read { k in
                parallelFor(rows * columns, grain: max(1, elementGrain / depth)) { bins in
                    for bin in bins {
                        let (v, h) = (vertical[bin / columns], horizontal[bin % columns])
                        func row(_ r: Int, _ c: Int) -> UnsafePointer<S> { k + (r * shape[1] + c) * depth }
                        S.blend(
                            (row(v.low, h.low), row(v.low, h.high), row(v.high, h.low), row(v.high, h.high)),
                            tapWeights(v.fraction, h.fraction), out + bin * depth, depth)
                    }
                }
            }
        }
    }

    /// For self = g [rows, columns, C, 2]: the gradient of the filter that `resizedFilter` resized, [h, w, C, 2].
    package func resizedFilterGradient(to shape: Shape) -> Tensor {
        let (rows, columns, depth) = (self.shape[0], self.shape[1], shape[2] * shape[3])
        let (vertical, horizontal) = (alignedTaps(shape[0], rows), alignedTaps(shape[1], columns))
        return Tensor(shape) { out in
            clear(out, shape.elementCount)
            read { g in
                // Channels are independent, bins are not.
                parallelFor(depth, grain: 64) { channels in
                    for bin in 0..<rows * columns {
                        let (v, h) = (vertical[bin / columns], horizontal[bin % columns])
                        let weights: (S, S, S, S) = tapWeights(v.fraction, h.fraction)
                        let source = g + bin * depth + channels.lowerBound
                        func add(_ r: Int, _ c: Int, _ weight: S) {
                            if weight == 0 { return }
                            S.addScaled(
                                source, weight, out + (r * shape[1] + c) * depth + channels.lowerBound, channels.count)
                        }
                        add(v.low, h.low, weights.0)
                        add(v.low, h.high, weights.1)
                        add(v.high, h.low, weights.2)
                        add(v.high, h.high, weights.3)
                    }
                }
            }
        }
    }
}

/// For each of `outputs` places, the two of `inputs` places it lies between and how far it is from the first; the first
/// and the last places coincide.
private func alignedTaps(_ inputs: Int, _ outputs: Int) -> [(low: Int, high: Int, fraction: Double)] {
    (0..<outputs).map { place in
        let numerator = place * (inputs - 1)
        let denominator = max(1, outputs - 1)
        let low = numerator / denominator
        return (low, min(low + 1, inputs - 1), Double(numerator % denominator) / Double(denominator))
    }
}

private func tapWeights<S: Scalar>(_ v: Double, _ h: Double) -> (S, S, S, S) {
    (S((1 - v) * (1 - h)), S((1 - v) * h), S(v * (1 - h)), S(v * h))
}
