/// base + factor_n gamma_c (W2 f(W1 layerNorm(x) + b1) + b2), walked in blocks of rows that stay in the second-level
/// cache from the norm to the sum: neither the normalised rows nor the activations reach memory.
struct FeedForwardBranch<S: Scalar> {
    let x: KeptValues<S>
    let weights: FeedForwardWeights<S>
    /// gamma, [C].
    let scale: Tensor<S>?
    /// One per sample.
    let factors: Tensor<S>?
    /// The other summand, which the way forward alone needs.
    var base: Tensor<S>?

    var rows: Int { x.shape.rows }
    var channels: Int { x.shape.columns }
    var hidden: Int { weights.expand.shape[0] }
    /// Rows of one sample.
    private var sampleRows: Int { rows / max(1, x.shape.rank > 1 ? x.shape[0] : 1) }

    /// Whether the hidden values before the activation are kept for the gradient. Computing them again costs C
    /// multiply-adds per element: for few channels that is quicker than memory, and it is always smaller, which counts
    /// where there are millions of them, the less the more channels there are.
    var keepsHidden: Bool { channels >= 96 && rows * hidden <= max(1 << 21, channels << 14) }

    /// Rows whose hidden values, three times in backward, take about half of a second-level cache.
    private var mostRows: Int { max(48, min(768, 36_864 / max(1, hidden) / 12 * 12)) }
    var blockRows: Int { evenBlockRows(rows, most: mostRows) }

    /// Whether a row has the same bits in any block. The norm of narrow rows takes sixteen of them together, and the rest of a block
    /// in another order.
    private var hasFreeBlocks: Bool { channels > 128 }

    /// Rows per block of the way forward: without a tape no more than the hidden values themselves take room.
    private func forwardRows(keeping: Bool) -> Int {
        if keeping || !hasFreeBlocks { return sharedBlockRows(rows, most: mostRows) }
        return fewestBlockRows(rows, most: max(48, 110_592 / max(1, hidden) / 12 * 12))
    }

    /// The result and, when asked for, what the gradient needs.
    func forward(keeping: Bool) -> (output: Tensor<S>, kept: FeedForwardKept<S>) {
        let (c, h) = (channels, hidden)
        let keeps = keeping && keepsHidden
        let halves = keeps && KeptValues<S>.areHalved ? KeptValues<S>(roomFor: [rows, h]) : nil
        let kept = keeps && halves == nil ? Storage<S>(count: rows * h) : nil
        let input = keeping && KeptValues<S>.areHalved ? KeptValues<S>(roomFor: x.shape) : x
        let expand = ProductOperand(rowsOf: weights.expand)
        let reduce = ProductOperand(rowsOf: weights.reduce)
        let blockRows = forwardRows(keeping: keeping)
        // Rows a power of two apart would share lines of the cache.
        let stride = kept == nil && h % 1024 == 0 ? h + 16 : h
        let elements = blockRows * (c + stride + 2)
        reserveScratch(S.self, elements, chunks: chunkCount(rows, grain: blockRows))
        let output = Tensor<S>(x.shape) { y in
            parallelFor(rows, grain: blockRows) { block in
                let count = block.count
                let scratch = Storage<S>(count: elements)
                let normalized = scratch.pointer
                let activation = normalized + count * c
                let start = block.lowerBound * c
                let rowsOfX = x.read(start..<block.upperBound * c, normalized)
                input.keep(rowsOfX, at: start, count: count * c)
                let statistics = activation + count * stride
                S.layerNorm(
                    rowsOfX, weights.gain.start, weights.offset.start, weights.epsilon, normalized, statistics,
                    statistics + count, count, c)
                let before = kept.map { $0.pointer + block.lowerBound * h } ?? activation
                expand.product(count, normalized, bias: weights.expandBias.start, into: before, strideC: stride)
                if stride == h {
                    halves?.keep(before, at: block.lowerBound * h, count: count * h)
                    S.apply(weights.activation, before, activation, count * h)
                } else {
                    for row in 0..<count {
                        let values = activation + row * stride
                        halves?.keep(values, at: (block.lowerBound + row) * h, count: h)
                        S.apply(weights.activation, values, values, h)
                    }
                }
                let branch = normalized
                reduce.product(count, activation, stride: stride, bias: weights.reduceBias.start, into: branch)
                addResidual(block, branch, into: y)
            }
        }
        withExtendedLifetime(self) {}
        let whole = kept.map { KeptValues(Tensor(storage: $0, offset: 0, shape: [rows, h]), halved: false) }
        return (output, FeedForwardKept(input: input, hidden: halves ?? whole))
    }

    private func addResidual(_ block: Range<Int>, _ branch: UnsafePointer<S>, into y: UnsafeMutablePointer<S>) {
        let c = channels
        guard let base = base?.start else { return }
        splitSamples(block, rows: sampleRows) { sample, range in
            S.addResidual(
                base + range.lowerBound * c, branch + (range.lowerBound - block.lowerBound) * c, scale?.start,
                factors.map { $0.start[sample] } ?? 1, y + range.lowerBound * c, range.count, c)
        }
    }

    /// Where each gradient starts among the sums over rows.
    struct Places {
        let gain, offset, expand, expandBias, reduce, reduceBias, total: Int
        init(_ c: Int, _ h: Int) {
            gain = 0
            offset = c
            expand = 2 * c
            expandBias = expand + h * c
            reduce = expandBias + h
            reduceBias = reduce + c * h
            total = reduceBias + c
        }
    }

    /// The gradients of x, gain, offset, W1, b1, W2, b2 and, with a scale, gamma; that of base is g itself, which is part
    /// of x's where x is the base.
    ///
    /// With g' = factor g: the sums G = g'^T f(..) and s = sum g' give W2's gradient gamma G, b2's gamma s, and
    /// gamma's the row sums of W2 G plus b2 s, so that the branch's value is not needed.
    ///
    /// - Parameter addsBase: whether x is the base as well.
    func gradients(of g: Tensor<S>, hidden kept: KeptValues<S>?, addsBase: Bool) -> [Tensor<S>] {
        let (c, h) = (channels, hidden)
        let places = Places(c, h)
        let dx = Storage<S>(count: rows * c)
        let sums = Storage<S>(count: places.total)
        let isGELU = weights.activation == .gelu
        let again = kept == nil ? ProductOperand(rowsOf: weights.expand) : nil
        let throughExpand = ProductOperand(weights.expand)
        let throughReduce = ProductOperand(weights.reduce)
        let precision = ProductPrecision.current
        let blockRows = self.blockRows
        let grain = reductionGrain(rows: rows, block: blockRows, elements: places.total)
        let most = min(blockRows, grain)
        let elements = most * (3 * c + 3 * h + 2) + 2 * c + (x.isHalved ? most * c : 0)
        reserveScratch(S.self, elements, chunks: chunkCount(rows, grain: grain))
        reduceRows(rows, columns: places.total, grain: grain, into: sums.pointer) { chunk, partial in
            clear(partial, places.total)
            let scratch = Storage<S>(count: elements)
            forEachBlock(chunk, blockRows) { block in
                let count = block.count
                let start = block.lowerBound * c
                let normalized = scratch.pointer
                let statistics = normalized + most * c
                let scaled = statistics + 2 * most
                let dNormalized = scaled + most * c
                let normSums = dNormalized + most * c
                let hiddenRows = normSums + 2 * c
                let value = hiddenRows + most * h
                let dHidden = value + most * h
                let rowsOfX = x.read(start..<block.upperBound * c, dHidden + most * h)
                let gain = weights.gain.start
                S.layerNorm(
                    rowsOfX, gain, weights.offset.start, weights.epsilon, normalized, statistics, statistics + count,
                    count, c)
                // Before the activation; the place then holds GELU's derivative, which shares its parts with the value.
                again?.product(count, normalized, bias: weights.expandBias.start, into: hiddenRows)
                let before =
                    kept?.read(block.lowerBound * h..<block.upperBound * h, hiddenRows) ?? UnsafePointer(hiddenRows)
                if isGELU {
                    S.geluValueAndDerivative(before, value, hiddenRows, count * h)
                } else {
                    S.apply(weights.activation, before, value, count * h)
                }

                var gradient = g.start + start
                if let factors {
                    splitSamples(block, rows: sampleRows) { sample, range in
                        let at = (range.lowerBound - block.lowerBound) * c
                        S.scale(g.start + range.lowerBound * c, factors.start[sample], scaled + at, range.count * c)
                    }
                    gradient = UnsafePointer(scaled)
                }
                S.addTransposedProduct(c, h, count, gradient, value, precision, into: partial + places.reduce)
                S.addRowSums(gradient, partial + places.reduceBias, count, c)
                if let scale {
                    S.multiplyRows(gradient, scale.start, scaled, count, c)
                    gradient = UnsafePointer(scaled)
                }
                throughReduce.product(count, gradient, into: dHidden)
                if isGELU {
                    S.multiplyInto(hiddenRows, dHidden, count * h)
                } else {
                    S.applyGradient(weights.activation, before, dHidden, dHidden, count * h)
                }
                S.addTransposedProduct(h, c, count, dHidden, normalized, precision, into: partial + places.expand)
                S.addRowSums(dHidden, partial + places.expandBias, count, h)
                throughExpand.product(count, dHidden, into: dNormalized)
                S.layerNormGradient(
                    rowsOfX, dNormalized, gain, statistics, statistics + count, dx.pointer + start, normSums, count, c)
                S.addRowSums(normSums, partial, 1, 2 * c)
                if addsBase { S.accumulate(g.start + start, dx.pointer + start, count * c) }
            }
        }
        let dScale = scale.map { scale in
            scaledSums(
                sums.pointer + places.reduce, sums.pointer + places.reduceBias, weight: weights.reduce,
                bias: weights.reduceBias, scale: scale)
        }
        withExtendedLifetime((self, g, kept)) {}
        func sum(_ offset: Int, _ shape: Shape) -> Tensor<S> { Tensor(storage: sums, offset: offset, shape: shape) }
        return [
            Tensor(storage: dx, offset: 0, shape: x.shape), sum(places.gain, [c]), sum(places.offset, [c]),
            sum(places.expand, [h, c]), sum(places.expandBias, [h]), sum(places.reduce, [c, h]),
            sum(places.reduceBias, [c]),
        ] + (dScale.map { [$0] } ?? [])
    }
}

/// What the gradient of a feed-forward branch reads again.
package struct FeedForwardKept<S: Scalar>: Sendable {
    package let input: KeptValues<S>
    /// Before the activation, [rows, H]; computed again where absent.
    package let hidden: KeptValues<S>?
}

/// The values of a norm and two linear layers, as `FeedForwardBranch` reads them.
public struct FeedForwardWeights<S: Scalar>: Sendable {
    /// Of the norm, [C].
    public let gain: Tensor<S>
    package let offset: Tensor<S>
    /// Added to the variance by the norm.
    public let epsilon: Double
    /// [H, C].
    public let expand: Tensor<S>
    package let expandBias: Tensor<S>
    /// [C, H].
    public let reduce: Tensor<S>
    package let reduceBias: Tensor<S>
    /// What acts between the layers.
    public let activation: ElementwiseFunction

    package init(
        gain: Tensor<S>, offset: Tensor<S>, epsilon: Double, expand: Tensor<S>, expandBias: Tensor<S>,
        reduce: Tensor<S>, reduceBias: Tensor<S>, activation: ElementwiseFunction
    ) {
        (self.gain, self.offset, self.epsilon, self.activation) = (gain, offset, epsilon, activation)
        (self.expand, self.expandBias, self.reduce, self.reduceBias) = (expand, expandBias, reduce, reduceBias)
    }
}

extension Tensor {
    /// See `Variable.feedForwardBranch`. With `keeping`, also what the gradient wants kept; x itself otherwise.
    package func feedForwardBranch(
        _ weights: FeedForwardWeights<S>, base: Tensor?, scale: Tensor?, factors: Tensor?, keeping: Bool
    ) -> (output: Tensor, kept: FeedForwardKept<S>) {
        FeedForwardBranch(
            x: KeptValues(self, halved: false), weights: weights, scale: scale, factors: factors, base: base ?? self
        ).forward(keeping: keeping)
    }

    /// For self = dy: the gradients of x, gain, offset, W1, b1, W2, b2 and, with a scale, gamma.
    ///
    /// - Parameter hasBase: whether something else than x was added to the branch.
    package func feedForwardBranchGradients(
        _ kept: FeedForwardKept<S>, _ weights: FeedForwardWeights<S>, hasBase: Bool, scale: Tensor?, factors: Tensor?
    ) -> [Tensor] {
        FeedForwardBranch(x: kept.input, weights: weights, scale: scale, factors: factors)
            .gradients(of: self, hidden: kept.hidden, addsBase: !hasBase)
    }
}
