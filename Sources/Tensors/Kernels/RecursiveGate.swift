import CKernels

/// What `Kernels/RecursiveGate.swift` asks of an element type.
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

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
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

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
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
    let p: KeptValues<S>
    let gates: KeptValues<S>
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
        self.init(KeptValues(p, halved: false), KeptValues(gates, halved: false), weights, biases, scale)
    }

    init(_ p: KeptValues<S>, _ gates: KeptValues<S>, _ weights: [Tensor<S>], _ biases: [Tensor<S>], _ scale: S) {
        (self.p, self.gates, self.weights, self.biases, self.scale) = (p, gates, weights, biases, scale)
        widths = [p.shape.columns] + weights.map { $0.shape[0] }
        var starts = [0]
        for width in widths.dropLast() { starts.append(starts[starts.count - 1] + width) }
        self.starts = starts
    }

    /// Rows per block: about 2^15 elements of gates, and no fewer rows than a matrix product needs to be fast.
    var blockRows: Int { evenBlockRows(rows, most: mostRows) }
    /// The same for the way forward, which sums nothing.
    var forwardRows: Int { sharedBlockRows(rows, most: mostRows) }
    private var mostRows: Int { max(48, min(1020, (1 << 15) / max(1, stride) / 12 * 12)) }

    /// The weights as right operands of x_k W_k^T.
    var projections: [ProductOperand<S>] { weights.map { ProductOperand(rowsOf: $0) } }
    /// The weights as right operands of g W_k.
    var returns: [ProductOperand<S>] { weights.map { ProductOperand($0) } }

    /// Rows of p and of the gates.
    typealias Rows = (p: UnsafePointer<S>, gates: UnsafePointer<S>)

    /// Elements of the rows of p and of the gates together, where they have to be widened for a block.
    private func widenedElements(_ count: Int) -> Int { gates.isHalved ? count * (widths[0] + stride) : 0 }

    /// The rows of p and of the gates of a block, for which `scratch` has `widenedElements`.
    private func operands(_ block: Range<Int>, _ scratch: UnsafeMutablePointer<S>) -> Rows {
        let (width, stride) = (widths[0], stride)
        return (
            p.read(block.lowerBound * width..<block.upperBound * width, scratch + block.count * stride),
            gates.read(block.lowerBound * stride..<block.upperBound * stride, scratch)
        )
    }

    // MARK: forward

    /// Elements that `forward` needs beside its output for a block.
    func forwardScratch(_ count: Int) -> Int { 2 * count * (widths.dropLast().max() ?? 0) + widenedElements(count) }

    /// The rows of a block into `out`, which holds these rows alone.
    func forward(
        _ block: Range<Int>, _ projections: [ProductOperand<S>], _ scratch: UnsafeMutablePointer<S>,
        into out: UnsafeMutablePointer<S>
    ) {
        let count = block.count
        // x_k and x_{k+1} by turns.
        let half = count * (widths.dropLast().max() ?? 0)
        let (first, gate) = operands(block, scratch + 2 * half)
        func place(_ k: Int) -> UnsafeMutablePointer<S> { k == last ? out : scratch + (k % 2) * half }
        S.gate(first, bias: nil, gate, stride: stride, scale: scale, place(0), count, widths[0])
        for k in 0..<last {
            let u = place(k + 1)
            projections[k].product(count, place(k), into: u)
            S.gate(
                u, bias: biases[k].start, gate + starts[k + 1], stride: stride, scale: scale, u, count, widths[k + 1])
        }
    }

    /// Rounds the operands' rows of a block into the halves of all rows.
    func keep(
        _ block: Range<Int>, _ p: KeptValues<S>, _ gates: KeptValues<S>, _ scratch: UnsafeMutablePointer<S>
    ) {
        let rows = operands(block, scratch)
        p.keep(rows.p, at: block.lowerBound * widths[0], count: block.count * widths[0])
        gates.keep(rows.gates, at: block.lowerBound * stride, count: block.count * stride)
    }

    func forward() -> Tensor<S> {
        let projections = self.projections
        let blockRows = forwardRows
        let elements = forwardScratch(blockRows)
        reserveScratch(S.self, elements, chunks: chunkCount(rows, grain: blockRows))
        let output = Tensor<S>(p.shape.replacing(axis: -1, with: channels)) { out in
            parallelFor(rows, grain: blockRows) { block in
                let scratch = Storage<S>(count: elements)
                forward(block, projections, scratch.pointer, into: out + block.lowerBound * channels)
            }
        }
        withExtendedLifetime(self) {}
        return output
    }

    // MARK: backward

    /// Where the gradients of weights and biases start among the sums over rows, and their total.
    var places: (weights: [Int], biases: [Int], total: Int) {
        var offsets = [0]
        for count in weights.map(\.elementCount) + biases.map(\.elementCount) {
            offsets.append(offsets[offsets.count - 1] + count)
        }
        let n = weights.count
        return (Array(offsets[..<n]), Array(offsets[n..<2 * n]), offsets[2 * n])
    }

    /// Elements that a block's gradients need.
    func backwardScratch(_ count: Int) -> Int { count * (2 * stride + (widths.max() ?? 0)) + widenedElements(count) }

    /// Computes x_k and u_k of a block once more; the scratch then holds x_0 ..., u_0 ... (u_0 unused) and the operands where
    /// they had to be widened. With `output`, which holds the rows of the block, also x_{n-1}. Returns the operands' rows.
    func recompute(
        _ block: Range<Int>, _ projections: [ProductOperand<S>], _ scratch: UnsafeMutablePointer<S>,
        output: UnsafeMutablePointer<S>? = nil
    ) -> Rows {
        let count = block.count
        let (p, gate) = operands(block, scratch + count * (2 * stride + (widths.max() ?? 0)))
        func place(_ k: Int) -> UnsafeMutablePointer<S>? { k == last ? output : scratch + count * starts[k] }
        if let first = place(0) {
            S.gate(p, bias: nil, gate, stride: stride, scale: scale, first, count, widths[0])
        }
        for k in 0..<last {
            let u = scratch + count * (stride + starts[k + 1])
            projections[k].product(count, scratch + count * starts[k], into: u)
            if let next = place(k + 1) {
                S.gate(
                    u, bias: biases[k].start, gate + starts[k + 1], stride: stride, scale: scale, next, count,
                    widths[k + 1])
            }
        }
        return (p, gate)
    }

    /// Walks a block backwards after `recompute`, whose result is `operands`. `gradient` holds the rows of the block; dp and
    /// dGates all rows.
    func gradients(
        _ block: Range<Int>, _ operands: Rows, _ returns: [ProductOperand<S>], gradient: UnsafePointer<S>,
        _ scratch: UnsafeMutablePointer<S>, _ precision: ProductPrecision, sums: UnsafeMutablePointer<S>,
        _ places: (weights: [Int], biases: [Int], total: Int), dp: UnsafeMutablePointer<S>,
        dGates: UnsafeMutablePointer<S>
    ) {
        let count = block.count
        let (p, gate) = operands
        let dGate = dGates + block.lowerBound * stride
        let running = scratch + count * 2 * stride
        var gradient = gradient
        for k in (0..<last).reversed() {
            let (inner, out) = (widths[k], widths[k + 1])
            let du = scratch + count * (stride + starts[k + 1])
            S.gateGradient(
                gradient, du, bias: biases[k].start, gate + starts[k + 1], stride: stride, scale: scale,
                dGate: dGate + starts[k + 1], du: du, dBias: sums + places.biases[k], count, out)
            S.addTransposedProduct(
                out, inner, count, du, scratch + count * starts[k], precision, into: sums + places.weights[k])
            returns[k].product(count, du, into: running)
            gradient = UnsafePointer(running)
        }
        S.gateGradient(
            gradient, p, bias: nil, gate, stride: stride, scale: scale, dGate: dGate,
            du: dp + block.lowerBound * widths[0], dBias: nil, count, widths[0])
    }

    /// The gradients of p, gates, weights and biases, in this order.
    func gradients(of g: Tensor<S>) -> [Tensor<S>] {
        let places = self.places
        let sums = Storage<S>(count: places.total)
        let dp = Storage<S>(count: p.shape.elementCount)
        let dGates = Storage<S>(count: gates.shape.elementCount)
        let (projections, returns) = (self.projections, self.returns)
        let precision = ProductPrecision.current
        let blockRows = self.blockRows
        let grain = reductionGrain(rows: rows, block: blockRows, elements: places.total)
        let elements = backwardScratch(min(blockRows, grain))
        reserveScratch(S.self, elements, chunks: chunkCount(rows, grain: grain))
        reduceRows(rows, columns: places.total, grain: grain, into: sums.pointer) { chunk, partial in
            clear(partial, places.total)
            let scratch = Storage<S>(count: elements)
            forEachBlock(chunk, blockRows) { block in
                let operands = recompute(block, projections, scratch.pointer)
                gradients(
                    block, operands, returns, gradient: g.start + block.lowerBound * channels, scratch.pointer,
                    precision,
                    sums: partial, places, dp: dp.pointer, dGates: dGates.pointer)
            }
        }
        withExtendedLifetime((self, g)) {}
        return gradientTensors(dp, dGates, sums)
    }

    func gradientTensors(_ dp: Storage<S>, _ dGates: Storage<S>, _ sums: Storage<S>) -> [Tensor<S>] {
        let places = self.places
        return [
            Tensor(storage: dp, offset: 0, shape: p.shape), Tensor(storage: dGates, offset: 0, shape: gates.shape),
        ]
            + zip(places.weights + places.biases, weights + biases).map {
                Tensor(storage: sums, offset: $0, shape: $1.shape)
            }
    }
}

extension Tensor {
    /// The recursive gate of gnConv; see `Variable.recursiveGate`.
    package static func recursiveGate(
        _ p: Tensor, _ gates: Tensor, weights: [Tensor], biases: [Tensor], scale: S
    ) -> Tensor { RecursiveGate(p, gates, weights, biases, scale).forward() }

    /// The gradients of p, the gates, the weights and the biases for self = g.
    package func recursiveGateGradients(
        _ p: Tensor, _ gates: Tensor, weights: [Tensor], biases: [Tensor], scale: S
    ) -> [Tensor] { RecursiveGate(p, gates, weights, biases, scale).gradients(of: self) }
}
