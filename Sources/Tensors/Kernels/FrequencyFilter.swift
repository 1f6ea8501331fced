import CKernels

/// What `Kernels/FrequencyFilter.swift` asks of an element type; `FrequencyFilter.h` says how half spectra lie.
public protocol FrequencyFilterKernels {
    /// The half spectrum of one map, orthonormal, times `other` in the columns that are not their own mirror images.
    static func halfSpectrum(
        _ x: UnsafePointer<Self>, _ sizes: hb_frequencies, other: Self, into rows: UnsafeMutablePointer<Self>)
    /// y = x + the map whose half spectrum the rows are, orthonormal, after they are multiplied with `other` in the columns
    /// that are not their own mirror images.
    static func addMap(
        _ rows: UnsafePointer<Self>, _ sizes: hb_frequencies, other: Self, to x: UnsafePointer<Self>,
        into y: UnsafeMutablePointer<Self>)
    /// x = max(x, 0).
    static func rectify(_ x: UnsafeMutablePointer<Self>, _ count: Int)
    /// g = 0 where y is 0.
    static func rectifiedGradient(_ y: UnsafePointer<Self>, _ g: UnsafeMutablePointer<Self>, _ count: Int)
    /// s = s times z shrunk, for so many rows.
    static func filterFrequencies(
        _ s: UnsafeMutablePointer<Self>, _ z: UnsafePointer<Self>, threshold: Self, _ sizes: hb_frequencies, rows: Int)
    /// For the gradient d of that: z and d become the gradients of z and, by the product alone, of s.
    static func filterFrequenciesGradient(
        _ s: UnsafePointer<Self>, _ z: UnsafeMutablePointer<Self>, _ d: UnsafeMutablePointer<Self>, threshold: Self,
        _ sizes: hb_frequencies, rows: Int)
}

extension hb_frequencies {
    init(_ shape: Shape, blocks: Int) {
        self.init(
            height: shape[1], width: shape[2], channels: shape[3], pairs: (shape[3] + 1) / 2, block: shape[3] / blocks)
    }

    var positions: Int { height * width }
    var columns: Int { width / 2 + 1 }
    var bins: Int { height * columns }
    var blocks: Int { channels / block }
    /// Elements of a half spectrum.
    var count: Int { bins * 2 * channels }
    /// Of one transform.
    var scale: Double { 1 / Double(positions).squareRoot() }
    /// Whether a column is its own mirror image.
    func isSelfPaired(_ column: Int) -> Bool { column == 0 || 2 * column == width }
}

/// A complex linear map for each block of channels, as real matrices [2 inputs, 2 outputs] that take real parts before
/// imaginary ones, and offsets [2 outputs].
private struct ComplexLinear<S: Scalar> {
    private let side: Int
    private let matrices: Storage<S>
    private let offsets: Storage<S>
    private let forward: [ProductOperand<S>]
    private let backward: [ProductOperand<S>]

    /// - Parameters:
    ///   - weight: [2, blocks, in, out].
    ///   - bias: [2, blocks, out].
    init(_ weight: Tensor<S>, _ bias: Tensor<S>, isBackward: Bool) {
        let (blocks, channels) = (weight.shape[1], weight.shape[2])
        let side = 2 * channels
        let matrices = Storage<S>(count: blocks * side * side)
        let offsets = Storage<S>(count: blocks * side)
        let half = blocks * channels * channels
        for block in 0..<blocks {
            let target = matrices.pointer + block * side * side
            for i in 0..<channels {
                for o in 0..<channels {
                    let re = weight.start[(block * channels + i) * channels + o]
                    let im = weight.start[half + (block * channels + i) * channels + o]
                    target[i * side + o] = re
                    target[i * side + channels + o] = im
                    target[(channels + i) * side + o] = -im
                    target[(channels + i) * side + channels + o] = re
                }
            }
            for o in 0..<channels {
                offsets.pointer[block * side + o] = bias.start[block * channels + o]
                offsets.pointer[block * side + channels + o] = bias.start[(blocks + block) * channels + o]
            }
        }
        func operands(transposed: Bool) -> [ProductOperand<S>] {
            (0..<blocks).map {
                ProductOperand(
                    matrices.pointer + $0 * side * side, stride: side, transposed: transposed, inner: side,
                    columns: side)
            }
        }
        (self.side, self.matrices, self.offsets) = (side, matrices, offsets)
        forward = operands(transposed: false)
        backward = isBackward ? operands(transposed: true) : []
    }

    /// y = x A + b for rows of all blocks.
    func apply(_ x: UnsafePointer<S>, rows: Int, into y: UnsafeMutablePointer<S>) {
        let stride = side * forward.count
        for (block, operand) in forward.enumerated() {
            operand.product(
                rows, x + block * side, stride: stride, bias: offsets.pointer + block * side, into: y + block * side,
                strideC: stride)
        }
    }

    /// dx = g A^T, or added to it.
    func inputGradient(_ g: UnsafePointer<S>, rows: Int, adding: Bool, into dx: UnsafeMutablePointer<S>) {
        let stride = side * backward.count
        for (block, operand) in backward.enumerated() {
            operand.product(
                rows, g + block * side, stride: stride, adding: adding, into: dx + block * side, strideC: stride)
        }
    }

    /// Adds the gradients of matrices and offsets to sums.
    func addGradients(
        _ x: UnsafePointer<S>, _ g: UnsafePointer<S>, rows: Int, to sums: UnsafeMutablePointer<S>
    ) {
        let (stride, precision) = (side * forward.count, ProductPrecision.current)
        for block in forward.indices {
            S.addTransposedProduct(
                side, side, rows, x + block * side, strideA: stride, g + block * side, strideB: stride, precision,
                into: sums + block * side * side, strideC: side)
        }
        S.addRowSums(g, sums + side * stride, rows, stride)
    }

    /// Elements of those sums.
    var sums: Int { forward.count * (side * side + side) }

    /// The gradients of weight [2, blocks, in, out] and bias [2, blocks, out] of the sums.
    func collected(_ sums: UnsafePointer<S>) -> (weight: Tensor<S>, bias: Tensor<S>) {
        let (blocks, channels) = (forward.count, side / 2)
        let weight = Tensor<S>([2, blocks, channels, channels]) { target in
            for block in 0..<blocks {
                let source = sums + block * side * side
                for i in 0..<channels {
                    for o in 0..<channels {
                        let at = (block * channels + i) * channels + o
                        target[at] = source[i * side + o] + source[(channels + i) * side + channels + o]
                        target[blocks * channels * channels + at] =
                            source[i * side + channels + o] - source[(channels + i) * side + o]
                    }
                }
            }
        }
        let bias = Tensor<S>([2, blocks, channels]) { target in
            let source = sums + blocks * side * side
            for block in 0..<blocks {
                for o in 0..<channels {
                    target[block * channels + o] = source[block * side + o]
                    target[(blocks + block) * channels + o] = source[block * side + channels + o]
                }
            }
        }
        return (weight, bias)
    }
}

/// The two layers that make a filter of a spectrum.
package struct FrequencyLayers<S: Scalar> {
    /// [2, blocks, in, out].
    let weights: (Tensor<S>, Tensor<S>)
    /// [2, blocks, out].
    let biases: (Tensor<S>, Tensor<S>)
    let threshold: Double

    package init(weights: (Tensor<S>, Tensor<S>), biases: (Tensor<S>, Tensor<S>), threshold: Double) {
        (self.weights, self.biases, self.threshold) = (weights, biases, threshold)
    }
}

extension Tensor {
    /// x + irfft2(M s) for the half spectrum s of each map of x [N, H, W, C] and M the layers of s, shrunk.
    package func adaptivelyFiltered(_ layers: FrequencyLayers<S>) -> Tensor {
        let sizes = hb_frequencies(shape, blocks: layers.weights.0.shape[1])
        let first = ComplexLinear(layers.weights.0, layers.biases.0, isBackward: false)
        let second = ComplexLinear(layers.weights.1, layers.biases.1, isBackward: false)
        let (threshold, size) = (S(layers.threshold), sizes.positions * sizes.channels)
        return Tensor(shape) { y in
            read { x in
                parallelFor(shape[0], grain: 1) { images in
                    let (s, h, z) = (room(sizes), room(sizes), room(sizes))
                    for image in images {
                        let x = x + image * size
                        S.halfSpectrum(x, sizes, other: 1, into: s.pointer)
                        first.apply(s.pointer, rows: sizes.bins, into: h.pointer)
                        S.rectify(h.pointer, sizes.count)
                        second.apply(h.pointer, rows: sizes.bins, into: z.pointer)
                        S.filterFrequencies(s.pointer, z.pointer, threshold: threshold, sizes, rows: sizes.bins)
                        S.addMap(s.pointer, sizes, other: 1, to: x, into: y + image * size)
                    }
                }
            }
        }
    }

    private func room(_ sizes: hb_frequencies) -> Storage<S> { Storage(count: sizes.count) }

    /// For self = g: the gradients of x, of both weights and of both biases. The sums over fixed ranges of maps are added
    /// in order.
    package func adaptivelyFilteredGradients(
        _ x: Tensor, _ layers: FrequencyLayers<S>
    ) -> (x: Tensor, weights: (Tensor, Tensor), biases: (Tensor, Tensor)) {
        let sizes = hb_frequencies(shape, blocks: layers.weights.0.shape[1])
        let first = ComplexLinear(layers.weights.0, layers.biases.0, isBackward: true)
        let second = ComplexLinear(layers.weights.1, layers.biases.1, isBackward: true)
        let (threshold, size) = (S(layers.threshold), sizes.positions * sizes.channels)
        let sums = Storage<S>(count: 2 * first.sums)
        let dx = Tensor(shape) { dx in
            withElements(x, self) { x, g in
                reduceRows(
                    shape[0], columns: 2 * first.sums, grain: max(1, (shape[0] + 15) / 16), into: sums.pointer
                ) { images, sums in
                    clear(sums, 2 * first.sums)
                    let (s, h, z, d, dh) = (room(sizes), room(sizes), room(sizes), room(sizes), room(sizes))
                    for image in images {
                        let (x, g) = (x + image * size, g + image * size)
                        S.halfSpectrum(x, sizes, other: 1, into: s.pointer)
                        first.apply(s.pointer, rows: sizes.bins, into: h.pointer)
                        S.rectify(h.pointer, sizes.count)
                        second.apply(h.pointer, rows: sizes.bins, into: z.pointer)
                        // A bin beside the mirror axes stands for two.
                        S.halfSpectrum(g, sizes, other: 2, into: d.pointer)
                        S.filterFrequenciesGradient(
                            s.pointer, z.pointer, d.pointer, threshold: threshold, sizes, rows: sizes.bins)
                        second.addGradients(h.pointer, z.pointer, rows: sizes.bins, to: sums + first.sums)
                        second.inputGradient(z.pointer, rows: sizes.bins, adding: false, into: dh.pointer)
                        S.rectifiedGradient(h.pointer, dh.pointer, sizes.count)
                        first.addGradients(s.pointer, dh.pointer, rows: sizes.bins, to: sums)
                        first.inputGradient(dh.pointer, rows: sizes.bins, adding: true, into: d.pointer)
                        S.addMap(d.pointer, sizes, other: 0.5, to: g, into: dx + image * size)
                    }
                }
            }
        }
        defer { withExtendedLifetime(sums) {} }
        let (one, two) = (first.collected(sums.pointer), second.collected(sums.pointer + first.sums))
        return (x: dx, weights: (one.weight, two.weight), biases: (one.bias, two.bias))
    }
}
