import CKernels

public protocol RecursiveGateKernels {
    /// y = (u + bias) scale gate; rows of the gate are `stride` apart, all others `columns`.
    static func gate(
        _ u: UnsafePointer<Self>, bias: UnsafePointer<Self>?, _ gate: UnsafePointer<Self>, stride: Int, scale: Self,
        _ y: UnsafeMutablePointer<Self>, _ rows: Int, _ columns: Int)
    /// The gradients of the above for g = dy: dGate = scale g (u + bias), du = scale g gate, and with a bias dBias += the
    /// sums of du over rows. du may be u.
    static func gateGradient(
        _ g: UnsafePointer<Self>, _ u: UnsafePointer<Self>, bias: UnsafePointer<Self>?, _ gate: UnsafePointer<Self>,
        stride: Int, scale: Self, dGate: UnsafeMutablePointer<Self>, du: UnsafeMutablePointer<Self>,
        dBias: UnsafeMutablePointer<Self>?, _ rows: Int, _ columns: Int)
}

extension Float: RecursiveGateKernels {
    public static func gate(
        _ u: UnsafePointer<Float>, bias: UnsafePointer<Float>?, _ gate: UnsafePointer<Float>, stride: Int,
        scale: Float, _ y: UnsafeMutablePointer<Float>, _ rows: Int, _ columns: Int
    ) { hb_gate(u, bias, gate, stride, scale, y, rows, columns) }

    public static func gateGradient(
        _ g: UnsafePointer<Float>, _ u: UnsafePointer<Float>, bias: UnsafePointer<Float>?,
        _ gate: UnsafePointer<Float>, stride: Int, scale: Float, dGate: UnsafeMutablePointer<Float>,
        du: UnsafeMutablePointer<Float>, dBias: UnsafeMutablePointer<Float>?, _ rows: Int, _ columns: Int
    ) { hb_gate_gradient(g, u, bias, gate, stride, scale, dGate, du, dBias, rows, columns) }
}

extension Double: RecursiveGateKernels {
    public static func gate(
        _ u: UnsafePointer<Double>, bias: UnsafePointer<Double>?, _ gate: UnsafePointer<Double>, stride: Int,
        scale: Double, _ y: UnsafeMutablePointer<Double>, _ rows: Int, _ columns: Int
    ) {
        for r in 0..<rows {
            for c in 0..<columns {
                y[r * columns + c] = (u[r * columns + c] + (bias?[c] ?? 0)) * scale * gate[r * stride + c]
            }
        }
    }

    public static func gateGradient(
        _ g: UnsafePointer<Double>, _ u: UnsafePointer<Double>, bias: UnsafePointer<Double>?,
        _ gate: UnsafePointer<Double>, stride: Int, scale: Double, dGate: UnsafeMutablePointer<Double>,
        du: UnsafeMutablePointer<Double>, dBias: UnsafeMutablePointer<Double>?, _ rows: Int, _ columns: Int
    ) {
        for r in 0..<rows {
            for c in 0..<columns {
                let d = scale * g[r * columns + c] * gate[r * stride + c]
                dGate[r * stride + c] = scale * g[r * columns + c] * (u[r * columns + c] + (bias?[c] ?? 0))
                du[r * columns + c] = d
                dBias?[c] += d
            }
        }
    }
}

/// The recursive gate of gnConv: sizes, operands and the walk over blocks of rows that stay in the second-level cache.
struct RecursiveGate<S: Scalar> {
    let p: Tensor<S>
    let gates: Tensor<S>
    let weights: [Tensor<S>]
    let biases: [Tensor<S>]
    let scale: S

    /// d_0 ..< d_{n-1}.
    let widths: [Int]
    /// Where gate k starts within a row of gates.
    let starts: [Int]
    var rows: Int { p.shape.rows }
    /// The width of a row of gates.
    var stride: Int { gates.shape.columns }
    var channels: Int { widths[widths.count - 1] }
    var last: Int { widths.count - 1 }

    init(_ p: Tensor<S>, _ gates: Tensor<S>, _ weights: [Tensor<S>], _ biases: [Tensor<S>], _ scale: S) {
        (self.p, self.gates, self.weights, self.biases, self.scale) = (p, gates, weights, biases, scale)
        widths = [p.shape.columns] + weights.map { $0.shape[0] }
        var starts = [0]
        for width in widths.dropLast() { starts.append(starts[starts.count - 1] + width) }
        self.starts = starts
    }

    /// Rows per block: about 2^15 elements of gates, and no fewer rows than a matrix product needs to be fast.
    var blockRows: Int { max(32, min(1024, (1 << 15) / max(1, stride) / 16 * 16)) }

    private func pointer(_ tensor: Tensor<S>) -> UnsafeMutablePointer<S> { tensor.storage.pointer + tensor.offset }

    /// u = x_k W_k^T for the rows of a block.
    private func project(_ k: Int, _ x: UnsafePointer<S>, _ u: UnsafeMutablePointer<S>, _ rows: Int) {
        let (inner, out) = (widths[k], widths[k + 1])
        S.product(
            rows, out, inner, x, inner, transposed: false, pointer(weights[k]), inner, transposed: true, beta: 0, u, out
        )
    }

    func forward() -> Tensor<S> {
        let output = Tensor<S>(p.shape.replacing(axis: -1, with: channels)) { out in
            parallelFor(rows, grain: blockRows) { block in
                let count = block.count
                // x_k and x_{k+1} by turns.
                let half = count * (widths.dropLast().max() ?? 0)
                let scratch = Storage<S>(count: 2 * half)
                let gate = pointer(gates) + block.lowerBound * stride
                func place(_ k: Int) -> UnsafeMutablePointer<S> {
                    k == last ? out + block.lowerBound * channels : scratch.pointer + (k % 2) * half
                }
                S.gate(
                    pointer(p) + block.lowerBound * widths[0], bias: nil, gate, stride: stride, scale: scale, place(0),
                    count, widths[0])
                for k in 0..<last {
                    let u = place(k + 1)
                    project(k, place(k), u, count)
                    S.gate(
                        u, bias: pointer(biases[k]), gate + starts[k + 1], stride: stride, scale: scale, u, count,
                        widths[k + 1])
                }
            }
        }
        withExtendedLifetime(self) {}
        return output
    }

    /// The gradients of p, gates, weights and biases, in this order.
    func gradients(of g: Tensor<S>) -> [Tensor<S>] {
        let parameters = weights.map(\.elementCount) + biases.map(\.elementCount)
        var offsets = [0]
        for count in parameters { offsets.append(offsets[offsets.count - 1] + count) }
        let total = offsets[offsets.count - 1]
        // Each chunk, a whole number of blocks, has partial sums of its own; the chunks are added in order.
        let blocks = (rows + blockRows - 1) / blockRows
        let most = total > 1 << 18 ? 4 : 16
        let grain = max(1, (blocks + most - 1) / most) * blockRows
        let sums = Storage<S>(count: total)
        let dp = Storage<S>(count: p.elementCount)
        let dGates = Storage<S>(count: gates.elementCount)
        reduceRows(rows, columns: total, grain: grain, into: sums.pointer) { chunk, partial in
            partial.initialize(repeating: 0, count: total)
            let scratch = Storage<S>(count: blockRows * (2 * stride + (widths.max() ?? 0)))
            var first = chunk.lowerBound
            while first < chunk.upperBound {
                let block = first..<min(first + blockRows, chunk.upperBound)
                blockGradients(block, g, partial, offsets, scratch.pointer, dp.pointer, dGates.pointer)
                first = block.upperBound
            }
        }
        withExtendedLifetime((self, g)) {}
        let tensors = zip(offsets, weights + biases).map { Tensor(storage: sums, offset: $0, shape: $1.shape) }
        return [
            Tensor(storage: dp, offset: 0, shape: p.shape), Tensor(storage: dGates, offset: 0, shape: gates.shape),
        ] + tensors
    }

    /// Computes x_k and u_k of a block once more and walks them backwards.
    private func blockGradients(
        _ block: Range<Int>, _ g: Tensor<S>, _ partial: UnsafeMutablePointer<S>, _ offsets: [Int],
        _ scratch: UnsafeMutablePointer<S>, _ dp: UnsafeMutablePointer<S>, _ dGates: UnsafeMutablePointer<S>
    ) {
        let count = block.count
        let gate = pointer(gates) + block.lowerBound * stride
        let dGate = dGates + block.lowerBound * stride
        let pRows = pointer(p) + block.lowerBound * widths[0]
        // The scratch holds x_0..., u_0... (u_0 unused) and the running gradient.
        let x = starts.map { scratch + count * $0 }
        let u = starts.map { scratch + count * (stride + $0) }
        let running = scratch + count * 2 * stride
        if last > 0 {
            S.gate(pRows, bias: nil, gate, stride: stride, scale: scale, x[0], count, widths[0])
        }
        for k in 0..<last {
            project(k, x[k], u[k + 1], count)
            if k + 1 < last {
                S.gate(
                    u[k + 1], bias: pointer(biases[k]), gate + starts[k + 1], stride: stride, scale: scale, x[k + 1],
                    count, widths[k + 1])
            }
        }
        var gradient = pointer(g) + block.lowerBound * channels
        for k in (0..<last).reversed() {
            let (inner, out) = (widths[k], widths[k + 1])
            let du = u[k + 1]
            S.gateGradient(
                gradient, du, bias: pointer(biases[k]), gate + starts[k + 1], stride: stride, scale: scale,
                dGate: dGate + starts[k + 1], du: du, dBias: partial + offsets[weights.count + k], count, out)
            S.product(
                out, inner, count, du, out, transposed: true, x[k], inner, transposed: false, beta: 1,
                partial + offsets[k], inner)
            S.product(
                count, inner, out, du, out, transposed: false, pointer(weights[k]), inner, transposed: false, beta: 0,
                running, inner)
            gradient = running
        }
        S.gateGradient(
            gradient, pRows, bias: nil, gate, stride: stride, scale: scale, dGate: dGate,
            du: dp + block.lowerBound * widths[0], dBias: nil, count, widths[0])
    }
}

extension Tensor {
    /// The recursive gate of gnConv; see `Variable.recursiveGate`.
    public static func recursiveGate(
        _ p: Tensor, _ gates: Tensor, weights: [Tensor], biases: [Tensor], scale: S
    ) -> Tensor { RecursiveGate(p, gates, weights, biases, scale).forward() }

    /// The gradients of p, the gates, the weights and the biases for self = g.
    public func recursiveGateGradients(
        _ p: Tensor, _ gates: Tensor, weights: [Tensor], biases: [Tensor], scale: S
    ) -> [Tensor] { RecursiveGate(p, gates, weights, biases, scale).gradients(of: self) }
}
