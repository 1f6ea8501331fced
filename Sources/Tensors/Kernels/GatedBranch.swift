/// base + factor_n gamma_c (W gate(p, gates) + b): the recursive gate, the projection after it and the residual sum,
/// walked in blocks of rows that stay in the second-level cache.
struct GatedBranch<S: Scalar> {
    let gate: RecursiveGate<S>
    /// [C, C].
    let weight: Tensor<S>
    let bias: Tensor<S>
    let base: Tensor<S>
    /// gamma, [C].
    let scale: Tensor<S>?
    /// One per sample.
    let factors: Tensor<S>?

    private var rows: Int { gate.rows }
    private var channels: Int { gate.channels }
    private var outputs: Int { weight.shape[0] }
    private var sampleRows: Int { rows / max(1, base.shape.rank > 1 ? base.shape[0] : 1) }

    /// The result and, when asked for, p and the gates for the gradient.
    func forward(keeping: Bool) -> (output: Tensor<S>, kept: (p: KeptValues<S>, gates: KeptValues<S>)?) {
        let (c, out) = (channels, outputs)
        let halves =
            keeping && KeptValues<S>.areHalved
            ? (p: KeptValues<S>(roomFor: gate.p.shape), gates: KeptValues<S>(roomFor: gate.gates.shape)) : nil
        let projections = gate.projections
        let projection = ProductOperand(rowsOf: weight)
        let blockRows = gate.forwardRows
        let elements = gate.forwardScratch(blockRows) + blockRows * (c + out)
        reserveScratch(S.self, elements, chunks: chunkCount(rows, grain: blockRows))
        let output = Tensor<S>(base.shape) { y in
            parallelFor(rows, grain: blockRows) { block in
                let count = block.count
                let scratch = Storage<S>(count: elements)
                let gated = scratch.pointer + gate.forwardScratch(count)
                let branch = gated + count * c
                gate.forward(block, projections, scratch.pointer, into: gated)
                if let halves { gate.keep(block, halves.p, halves.gates, scratch.pointer) }
                projection.product(count, gated, bias: bias.start, into: branch)
                splitSamples(block, rows: sampleRows) { sample, range in
                    let start = range.lowerBound * out
                    S.addResidual(
                        base.start + start, branch + (range.lowerBound - block.lowerBound) * out, scale?.start,
                        factors.map { $0.start[sample] } ?? 1, y + start, range.count, out)
                }
            }
        }
        withExtendedLifetime(self) {}
        return (output, keeping ? halves ?? (gate.p, gate.gates) : nil)
    }

    /// The gradients of p, the gates, their weights and biases, the projection's weight and bias and, with a scale,
    /// gamma; that of base is g itself. See `FeedForwardBranch.gradients` for the way to gamma's.
    func gradients(of g: Tensor<S>) -> [Tensor<S>] {
        let (c, out) = (channels, outputs)
        let inner = gate.places
        let (weightPlace, biasPlace) = (inner.total, inner.total + out * c)
        let total = biasPlace + out
        let sums = Storage<S>(count: total)
        let dp = Storage<S>(count: gate.p.shape.elementCount)
        let dGates = Storage<S>(count: gate.gates.shape.elementCount)
        let (projections, returns) = (gate.projections, gate.returns)
        let back = ProductOperand(weight)
        let precision = ProductPrecision.current
        let blockRows = gate.blockRows
        let grain = reductionGrain(rows: rows, block: blockRows, elements: total)
        let most = min(blockRows, grain)
        let elements = gate.backwardScratch(most) + most * (2 * c + out)
        reserveScratch(S.self, elements, chunks: chunkCount(rows, grain: grain))
        reduceRows(rows, columns: total, grain: grain, into: sums.pointer) { chunk, partial in
            clear(partial, total)
            let scratch = Storage<S>(count: elements)
            forEachBlock(chunk, blockRows) { block in
                let count = block.count
                let gated = scratch.pointer + gate.backwardScratch(most)
                let dGated = gated + most * c
                let scaled = dGated + most * c
                let operands = gate.recompute(block, projections, scratch.pointer, output: gated)
                var gradient = g.start + block.lowerBound * out
                if let factors {
                    splitSamples(block, rows: sampleRows) { sample, range in
                        S.scale(
                            g.start + range.lowerBound * out, factors.start[sample],
                            scaled + (range.lowerBound - block.lowerBound) * out, range.count * out)
                    }
                    gradient = UnsafePointer(scaled)
                }
                S.addTransposedProduct(out, c, count, gradient, gated, precision, into: partial + weightPlace)
                S.addRowSums(gradient, partial + biasPlace, count, out)
                if let scale {
                    S.multiplyRows(gradient, scale.start, scaled, count, out)
                    gradient = UnsafePointer(scaled)
                }
                back.product(count, gradient, into: dGated)
                gate.gradients(
                    block, operands, returns, gradient: dGated, scratch.pointer, precision, sums: partial, inner,
                    dp: dp.pointer,
                    dGates: dGates.pointer)
            }
        }
        let dScale = scale.map { scale in
            scaledSums(
                sums.pointer + weightPlace, sums.pointer + biasPlace, weight: weight, bias: bias, scale: scale)
        }
        withExtendedLifetime((self, g)) {}
        return gate.gradientTensors(dp, dGates, sums)
            + [
                Tensor(storage: sums, offset: weightPlace, shape: weight.shape),
                Tensor(storage: sums, offset: biasPlace, shape: [out]),
            ] + (dScale.map { [$0] } ?? [])
    }
}

/// Turns G = g^T x [out, in] and s = sum g [out] of an unscaled gradient g into the gradients gamma G and gamma s of a
/// weight and a bias whose output is scaled by gamma, and returns that of gamma: the row sums of weight G plus bias s.
func scaledSums<S: Scalar>(
    _ weightSums: UnsafeMutablePointer<S>, _ biasSums: UnsafeMutablePointer<S>, weight: Tensor<S>, bias: Tensor<S>,
    scale: Tensor<S>
) -> Tensor<S> {
    let (out, inner) = (weight.shape[0], weight.shape[1])
    return Tensor<S>([out]) { dScale in
        withElements(weight, bias, scale) { weight, bias, scale in
            parallelFor(out, grain: max(1, elementGrain / max(1, inner))) { range in
                for i in range {
                    let row = weightSums + i * inner
                    dScale[i] = S.sumOfProduct(row, weight + i * inner, inner) + bias[i] * biasSums[i]
                    S.scale(row, scale[i], row, inner)
                    biasSums[i] *= scale[i]
                }
            }
        }
    }
}

extension Tensor {
    /// For self = base; see `Variable.gatedBranch`. With `keeping`, also p and the gates as the gradient wants them.
    package func gatedBranch(
        _ p: Tensor, _ gates: Tensor, weights: [Tensor], biases: [Tensor], gateScale: S, _ weight: Tensor,
        _ bias: Tensor, scale: Tensor?, factors: Tensor?, keeping: Bool
    ) -> (output: Tensor, kept: (p: KeptValues<S>, gates: KeptValues<S>)?) {
        GatedBranch(
            gate: RecursiveGate(p, gates, weights, biases, gateScale), weight: weight, bias: bias, base: self,
            scale: scale, factors: factors
        ).forward(keeping: keeping)
    }

    /// For self = g: the gradients of p, the gates, their weights and biases, the projection's weight and bias and, with
    /// a scale, gamma.
    package func gatedBranchGradients(
        _ p: KeptValues<S>, _ gates: KeptValues<S>, weights: [Tensor], biases: [Tensor], gateScale: S, _ weight: Tensor,
        _ bias: Tensor, scale: Tensor?, factors: Tensor?
    ) -> [Tensor] {
        GatedBranch(
            gate: RecursiveGate(p, gates, weights, biases, gateScale), weight: weight, bias: bias, base: self,
            scale: scale, factors: factors
        ).gradients(of: self)
    }
}
