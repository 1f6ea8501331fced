/// linear(layerNorm(x)) with the columns as separate tensors, walked in blocks of rows that stay in the second-level
/// cache: the normalised rows are made there and never stored.
struct NormalizedLinearSplit<S: Scalar> {
    let x: KeptValues<S>
    let gain: Tensor<S>
    let offset: Tensor<S>
    let epsilon: Double
    let weight: Tensor<S>
    let bias: Tensor<S>?
    let widths: [Int]

    var rows: Int { x.shape.rows }
    var channels: Int { x.shape.columns }
    var outputs: Int { weight.shape[0] }

    /// Rows whose operands and results take about a quarter of a second-level cache.
    private var mostRows: Int { max(48, min(768, 65_536 / max(1, channels + outputs) / 12 * 12)) }
    var blockRows: Int { evenBlockRows(rows, most: mostRows) }

    /// The parts and what the gradient reads again of x: with `keeping` in bfloat16 where products are.
    func forward(keeping: Bool) -> (parts: [Tensor<S>], kept: KeptValues<S>) {
        let kept = keeping && KeptValues<S>.areHalved ? KeptValues<S>(roomFor: x.shape) : x
        let storages = widths.map { Storage<S>(count: rows * $0) }
        let parts = consecutiveRanges(widths)
        let operands = parts.map { ProductOperand(rowsOf: weight, $0) }
        // See `FeedForwardBranch.hasFreeBlocks`.
        let blockRows =
            channels > 128
            ? fewestBlockRows(rows, most: max(mostRows, 108)) : sharedBlockRows(rows, most: mostRows)
        reserveScratch(S.self, blockRows * (channels + 2), chunks: chunkCount(rows, grain: blockRows))
        withElements(gain, offset, bias ?? gain) { gain, offset, b in
            let hasBias = bias != nil
            parallelFor(rows, grain: blockRows) { block in
                let count = block.count
                let scratch = Storage<S>(count: blockRows * (channels + 2))
                let normalized = scratch.pointer
                let statistics = normalized + count * channels
                let rowsOfX = x.read(block.lowerBound * channels..<block.upperBound * channels, normalized)
                kept.keep(rowsOfX, at: block.lowerBound * channels, count: count * channels)
                S.layerNorm(
                    rowsOfX, gain, offset, epsilon, normalized, statistics, statistics + count, count, channels)
                for (i, operand) in operands.enumerated() {
                    operand.product(
                        count, normalized, bias: hasBias ? b + parts[i].lowerBound : nil,
                        into: storages[i].pointer + block.lowerBound * widths[i])
                }
            }
        }
        withExtendedLifetime(self) {}
        let outputs = zip(storages, widths).map {
            Tensor(storage: $0, offset: 0, shape: x.shape.replacing(axis: -1, with: $1))
        }
        return (outputs, kept)
    }

    /// The gradients of x, gain, offset, weight and bias.
    func gradients(of parts: [Tensor<S>?]) -> [Tensor<S>] {
        let (c, out) = (channels, outputs)
        let dx = Storage<S>(count: rows * c)
        let total = 2 * c + out * c + out
        let sums = Storage<S>(count: total)
        let ranges = consecutiveRanges(widths)
        let operands = ranges.map { ProductOperand(weight, rows: $0) }
        let precision = ProductPrecision.current
        let blockRows = self.blockRows
        let grain = reductionGrain(rows: rows, block: blockRows, elements: total)
        let most = min(blockRows, grain)
        let elements = 2 * most * c + 2 * most + 2 * c + (x.isHalved ? most * c : 0)
        reserveScratch(S.self, elements, chunks: chunkCount(rows, grain: grain))
        withElements(gain, offset) { gain, offset in
            reduceRows(rows, columns: total, grain: grain, into: sums.pointer) {
                chunk, partial in
                clear(partial, total)
                let scratch = Storage<S>(count: elements)
                let normalized = scratch.pointer
                let dNormalized = normalized + most * c
                let statistics = dNormalized + most * c
                let normSums = statistics + 2 * most
                forEachBlock(chunk, blockRows) { block in
                    let count = block.count
                    let rowsOfX = x.read(block.lowerBound * c..<block.upperBound * c, normSums + 2 * c)
                    S.layerNorm(
                        rowsOfX, gain, offset, epsilon, normalized, statistics, statistics + count, count, c)
                    var adds = false
                    for (i, part) in parts.enumerated() {
                        guard let part else { continue }
                        part.read { g in
                            let g = g + block.lowerBound * widths[i]
                            S.addTransposedProduct(
                                widths[i], c, count, g, normalized, precision,
                                into: partial + 2 * c + ranges[i].lowerBound * c)
                            S.addRowSums(g, partial + 2 * c + out * c + ranges[i].lowerBound, count, widths[i])
                            operands[i].product(count, g, adding: adds, into: dNormalized)
                            adds = true
                        }
                    }
                    if !adds { clear(dNormalized, count * c) }
                    S.layerNormGradient(
                        rowsOfX, dNormalized, gain, statistics, statistics + count,
                        dx.pointer + block.lowerBound * c, normSums, count, c)
                    S.addRowSums(normSums, partial, 1, 2 * c)
                }
            }
        }
        withExtendedLifetime(self) {}
        func sum(_ offset: Int, _ shape: Shape) -> Tensor<S> { Tensor(storage: sums, offset: offset, shape: shape) }
        return [
            Tensor(storage: dx, offset: 0, shape: x.shape), sum(0, [c]), sum(c, [c]), sum(2 * c, [out, c]),
            sum(2 * c + out * c, [out]),
        ]
    }
}

extension Tensor {
    /// The parts of linear(layerNorm(self)); see `Variable.normalizedLinear`. With `keeping`, self as the gradient wants it.
    package func normalizedLinear(
        gain: Tensor, offset: Tensor, epsilon: Double, _ weight: Tensor, _ bias: Tensor?, splitInto widths: [Int],
        keeping: Bool
    ) -> (parts: [Tensor], kept: KeptValues<S>) {
        NormalizedLinearSplit(
            x: KeptValues(self, halved: false), gain: gain, offset: offset, epsilon: epsilon, weight: weight,
            bias: bias, widths: widths
        ).forward(keeping: keeping)
    }
}

extension KeptValues {
    /// For self = x: the gradients of x, gain, offset, weight and bias; `nil` stands for a part without a gradient.
    package func normalizedLinearGradients(
        of parts: [Tensor<S>?], gain: Tensor<S>, offset: Tensor<S>, epsilon: Double, _ weight: Tensor<S>,
        splitInto widths: [Int]
    ) -> [Tensor<S>] {
        NormalizedLinearSplit(
            x: self, gain: gain, offset: offset, epsilon: epsilon, weight: weight, bias: nil, widths: widths
        ).gradients(of: parts)
    }
}
