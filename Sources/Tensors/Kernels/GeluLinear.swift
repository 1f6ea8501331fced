import CKernels

/// What `Kernels/GeluLinear.swift` asks of an element type.
public protocol GeluLinearKernels {
    /// value = gelu(x), derivative = gelu'(x).
    static func geluValueAndDerivative(
        _ x: UnsafePointer<Self>, _ value: UnsafeMutablePointer<Self>, _ derivative: UnsafeMutablePointer<Self>,
        _ count: Int)
    /// y = x y, element by element.
    static func multiplyInto(_ x: UnsafePointer<Self>, _ y: UnsafeMutablePointer<Self>, _ count: Int)
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Float: GeluLinearKernels {
    public static func geluValueAndDerivative(
        _ x: UnsafePointer<Float>, _ value: UnsafeMutablePointer<Float>, _ derivative: UnsafeMutablePointer<Float>,
        _ count: Int
    ) { hb_gelu_value_and_derivative(x, value, derivative, count) }

    public static func multiplyInto(_ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ count: Int) {
        hb_multiply_into(x, y, count)
    }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Double: GeluLinearKernels {
    public static func geluValueAndDerivative(
        _ x: UnsafePointer<Double>, _ value: UnsafeMutablePointer<Double>,
        _ derivative: UnsafeMutablePointer<Double>, _ count: Int
    ) {
        for i in 0..<count {
            value[i] = ElementwiseFunction.gelu.value(x[i])
            derivative[i] = ElementwiseFunction.gelu.derivative(x[i])
        }
    }

    public static func multiplyInto(_ x: UnsafePointer<Double>, _ y: UnsafeMutablePointer<Double>, _ count: Int) {
        for i in 0..<count { y[i] *= x[i] }
    }
}

/// Rows whose activations, `columns` wide, stay in a second-level cache beside the product's operands.
private func blockRows(_ columns: Int) -> Int { max(96, min(512, 65_536 / max(1, columns) / 32 * 32)) }

extension Tensor {
    /// y = gelu(x) W^T + b over rows: x [.., in], W [out, in], b [out] -> [.., out]. The activation is made block by block
    /// and never stored.
    package func geluLinear(_ weight: Tensor, _ bias: Tensor?) -> Tensor {
        let (rows, inner, out) = (shape.rows, shape.columns, weight.shape[0])
        let operand = ProductOperand(rowsOf: weight)
        defer { withExtendedLifetime((weight, bias)) {} }
        return Tensor(shape.replacing(axis: -1, with: out)) { y in
            read { x in
                let grain = blockRows(inner)
                reserveScratch(S.self, grain * inner, chunks: chunkCount(rows, grain: grain))
                parallelFor(rows, grain: grain) { range in
                    let activation = Storage<S>(count: grain * inner)
                    S.apply(.gelu, x + range.lowerBound * inner, activation.pointer, range.count * inner)
                    operand.product(
                        range.count, activation.pointer, bias: bias?.start, into: y + range.lowerBound * out)
                }
            }
        }
    }

    /// For self = x: dx = (g W) gelu'(x) and dW = g^T gelu(x), in one pass that makes gelu(x) again. The reduction over
    /// rows is cut into fixed parts that are summed in order.
    package func geluLinearGradients(
        _ weight: Tensor, _ gradient: Tensor, needsInput: Bool, needsWeight: Bool
    ) -> (input: Tensor?, weight: Tensor?) {
        let (rows, inner, out) = (shape.rows, shape.columns, weight.shape[0])
        let dx = needsInput ? Storage<S>(count: shape.elementCount) : nil
        let dw = needsWeight ? Storage<S>(count: weight.elementCount) : nil
        let block = blockRows(inner)
        let most = out * inner > 1 << 18 ? 4 : 16
        let parts = max(1, min(most, rows / block))
        let grain = (rows + parts - 1) / parts
        let used = (rows + grain - 1) / grain
        let partials = needsWeight && used > 1 ? Storage<S>(count: used * out * inner) : dw
        reserveScratch(S.self, block * inner, block * inner, chunks: used)
        let operand = needsInput ? ProductOperand(weight) : nil
        let precision = ProductPrecision.current
        withElements(self, gradient) { x, g in
            parallelFor(rows, grain: grain) { part in
                let value = Storage<S>(count: block * inner)
                let derivative = Storage<S>(count: block * inner)
                var begin = part.lowerBound
                while begin < part.upperBound {
                    let count = min(block, part.upperBound - begin)
                    S.geluValueAndDerivative(x + begin * inner, value.pointer, derivative.pointer, count * inner)
                    if let partials {
                        let sums = partials.pointer + part.lowerBound / grain * out * inner
                        if begin == part.lowerBound { clear(sums, out * inner) }
                        S.addTransposedProduct(
                            out, inner, count, g + begin * out, value.pointer, precision, into: sums)
                    }
                    if let dx, let operand {
                        let target = dx.pointer + begin * inner
                        operand.product(count, g + begin * out, into: target)
                        S.multiplyInto(derivative.pointer, target, count * inner)
                    }
                    begin += count
                }
            }
        }
        withExtendedLifetime(weight) {}
        if let dw, let partials, used > 1 {
            parallelFor(out * inner, grain: 1 << 14) { range in
                S.sumRows(
                    partials.pointer + range.lowerBound, stride: out * inner, dw.pointer + range.lowerBound, used,
                    range.count)
            }
        }
        return (
            dx.map { Tensor(storage: $0, offset: 0, shape: shape) },
            dw.map { Tensor(storage: $0, offset: 0, shape: weight.shape) }
        )
    }
}
