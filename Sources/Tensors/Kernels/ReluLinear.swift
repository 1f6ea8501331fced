// The products are those of `Linear.swift`, the function that of `Elementwise.swift`.

/// Rows whose activations, `columns` wide, stay in a second-level cache beside the product's operands.
private func blockRows(_ columns: Int) -> Int { max(96, min(512, 65_536 / max(1, columns) / 32 * 32)) }

extension Tensor {
    /// y = max(x, 0) W^T + b over rows: x [.., in], W [out, in], b [out] -> [.., out]. The activation is made block by block
    /// and never stored.
    package func reluLinear(_ weight: Tensor, _ bias: Tensor?) -> Tensor {
        let (rows, inner, out) = (shape.rows, shape.columns, weight.shape[0])
        let operand = ProductOperand(rowsOf: weight)
        defer { withExtendedLifetime((weight, bias)) {} }
        return Tensor(shape.replacing(axis: -1, with: out)) { y in
            read { x in
                let grain = blockRows(inner)
                reserveScratch(S.self, grain * inner, chunks: chunkCount(rows, grain: grain))
                parallelFor(rows, grain: grain) { range in
                    let activation = Storage<S>(count: grain * inner)
                    S.apply(.relu, x + range.lowerBound * inner, activation.pointer, range.count * inner)
                    operand.product(
                        range.count, activation.pointer, bias: bias?.start, into: y + range.lowerBound * out)
                }
            }
        }
    }

    /// For self = max(x, 0): puts (g W) where self is above 0, and 0 elsewhere, in its place, in this tensor's own memory
    /// when nobody else can see it.
    package mutating func becomeReluLinearGradient(_ weight: Tensor, _ gradient: Tensor) {
        let (rows, inner, out) = (shape.rows, shape.columns, weight.shape[0])
        let operand = ProductOperand(weight)
        let result = isKnownUniquelyReferenced(&storage) ? self : Tensor(shape) { _ in }
        let target = result.storage.pointer + result.offset
        let grain = blockRows(inner)
        reserveScratch(S.self, grain * inner, chunks: chunkCount(rows, grain: grain))
        withElements(self, gradient) { y, g in
            parallelFor(rows, grain: grain) { range in
                let product = Storage<S>(count: grain * inner)
                operand.product(range.count, g + range.lowerBound * out, into: product.pointer)
                let first = range.lowerBound * inner
                S.applyGradient(.relu, y + first, product.pointer, target + first, range.count * inner)
            }
        }
        withExtendedLifetime(weight) {}
        self = result
    }
}
