import CKernels

/// One sample's coefficients [experts, taps], and its factors of inputs and outputs where there are any.
public struct MixtureFactors<Element> {
    let coefficients: UnsafePointer<Element>
    let inputs: UnsafePointer<Element>?
    let outputs: UnsafePointer<Element>?
}

/// What their gradients are added to.
public struct MixtureGradients<Element> {
    let coefficients: UnsafeMutablePointer<Element>
    let inputs: UnsafeMutablePointer<Element>?
    let outputs: UnsafeMutablePointer<Element>?
}

/// What `Kernels/KernelMixing.swift` asks of an element type; `KernelMixing.h` says what is computed.
public protocol KernelMixingKernels {
    /// Some rows of a sample's kernel.
    static func mixKernels(
        _ experts: UnsafePointer<Self>, _ factors: MixtureFactors<Self>, _ sizes: hb_mixing, rows: Range<Int>,
        into w: UnsafeMutablePointer<Self>)
    /// For some rows of the gradient dw of a sample's kernel: adds the gradients of all that it is made of.
    static func mixedKernelGradients(
        _ experts: UnsafePointer<Self>, _ factors: MixtureFactors<Self>, _ sizes: hb_mixing,
        _ dw: UnsafePointer<Self>, rows: Range<Int>, experts dexperts: UnsafeMutablePointer<Self>,
        _ gradients: MixtureGradients<Self>)
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Float: KernelMixingKernels {
    public static func mixKernels(
        _ experts: UnsafePointer<Float>, _ factors: MixtureFactors<Float>, _ sizes: hb_mixing, rows: Range<Int>,
        into w: UnsafeMutablePointer<Float>
    ) {
        let mixture = hb_mixture(
            coefficients: factors.coefficients, inputs: factors.inputs, outputs: factors.outputs)
        withUnsafePointer(to: mixture) { mixture in
            withUnsafePointer(to: sizes) {
                hb_mix_kernels(experts, mixture, $0, rows.lowerBound, rows.upperBound, w)
            }
        }
    }

    public static func mixedKernelGradients(
        _ experts: UnsafePointer<Float>, _ factors: MixtureFactors<Float>, _ sizes: hb_mixing,
        _ dw: UnsafePointer<Float>, rows: Range<Int>, experts dexperts: UnsafeMutablePointer<Float>,
        _ gradients: MixtureGradients<Float>
    ) {
        let mixture = hb_mixture(
            coefficients: factors.coefficients, inputs: factors.inputs, outputs: factors.outputs)
        let sums = hb_mixture_gradient(
            coefficients: gradients.coefficients, inputs: gradients.inputs, outputs: gradients.outputs)
        let room = Storage<Float>(count: 2 * sizes.inner)
        withUnsafePointer(to: mixture) { mixture in
            withUnsafePointer(to: sums) { sums in
                withUnsafePointer(to: sizes) {
                    hb_mixed_kernel_gradients(
                        experts, mixture, $0, dw, rows.lowerBound, rows.upperBound, dexperts, sums, room.pointer)
                }
            }
        }
        withExtendedLifetime(room) {}
    }
}

extension hb_mixing {
    /// Calls `body` with each element of some rows of a kernel, its tap and its column of the inputs.
    fileprivate func eachElement(_ rows: Range<Int>, _ body: (_ at: Int, _ row: Int, _ tap: Int, _ column: Int) -> Void)
    {
        for o in rows {
            for t in 0..<taps {
                for c in 0..<inner { body((o * taps + t) * inner + c, o, t, o / group * inner + c) }
            }
        }
    }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Double: KernelMixingKernels {
    public static func mixKernels(
        _ experts: UnsafePointer<Double>, _ factors: MixtureFactors<Double>, _ sizes: hb_mixing, rows: Range<Int>,
        into w: UnsafeMutablePointer<Double>
    ) {
        sizes.eachElement(rows) { at, o, t, column in
            var sum = 0.0
            for k in 0..<sizes.experts {
                sum += factors.coefficients[k * sizes.taps + t] * experts[k * sizes.size + at]
            }
            w[at] = sum * (factors.inputs?[column] ?? 1) * (factors.outputs?[o] ?? 1)
        }
    }

    public static func mixedKernelGradients(
        _ experts: UnsafePointer<Double>, _ factors: MixtureFactors<Double>, _ sizes: hb_mixing,
        _ dw: UnsafePointer<Double>, rows: Range<Int>, experts dexperts: UnsafeMutablePointer<Double>,
        _ gradients: MixtureGradients<Double>
    ) {
        sizes.eachElement(rows) { at, o, t, column in
            let (a, q) = (factors.inputs?[column] ?? 1, factors.outputs?[o] ?? 1)
            var sum = 0.0
            for k in 0..<sizes.experts {
                let (s, place) = (factors.coefficients[k * sizes.taps + t], k * sizes.size + at)
                sum += s * experts[place]
                gradients.coefficients[k * sizes.taps + t] += a * q * dw[at] * experts[place]
                dexperts[place] += a * q * dw[at] * s
            }
            gradients.inputs?[column] += q * dw[at] * sum
            gradients.outputs?[o] += a * dw[at] * sum
        }
    }
}

/// Kernels that are mixed of experts [K, out, kh, kw, in / groups]: each a sum of them with its sample's weights [N, K],
/// times a factor for each tap [N, kh kw], each input [N, in] and each output [N, out] where these are given.
package struct MixedKernels<S: Scalar>: SampleKernels {
    let experts: Tensor<S>
    private let weights: Tensor<S>
    private let taps: Tensor<S>?
    private let inputs: Tensor<S>?
    private let outputs: Tensor<S>?
    /// [N, K, taps].
    private let coefficients: Tensor<S>
    let sizes: hb_mixing
    let gradients: Gradients?

    /// Sums over the batch, or for each sample.
    struct Gradients {
        let experts: Tensor<S>
        let coefficients: Tensor<S>
        let inputs: Tensor<S>?
        let outputs: Tensor<S>?
    }

    /// - Parameter needsGradients: whether gradients will be taken.
    package init(
        _ experts: Tensor<S>, weights: Tensor<S>, taps: Tensor<S>?, inputs: Tensor<S>?, outputs: Tensor<S>?,
        groups: Int, needsGradients: Bool
    ) {
        (self.experts, self.weights, self.taps, self.inputs, self.outputs) = (experts, weights, taps, inputs, outputs)
        let shape = experts.shape
        let (kernels, out) = (shape[0], shape[1])
        // Without factors of taps or inputs, a row is a single run.
        let isWhole = taps == nil && inputs == nil
        let count = isWhole ? 1 : shape[2] * shape[3]
        let row = shape[2] * shape[3] * shape[4]
        sizes = hb_mixing(
            experts: kernels, outputs: out, taps: count, inner: row / count, size: out * row, group: out / groups)
        coefficients = Tensor([weights.shape[0], kernels, count]) { s in
            for n in 0..<weights.shape[0] {
                for k in 0..<kernels {
                    let weight = weights.start[n * kernels + k]
                    for t in 0..<count {
                        s[(n * kernels + k) * count + t] = weight * (taps.map { $0.start[n * count + t] } ?? 1)
                    }
                }
            }
        }
        gradients =
            needsGradients
            ? Gradients(
                experts: Tensor<S>.cleared(shape), coefficients: Tensor<S>.cleared(coefficients.shape),
                inputs: inputs.map { Tensor<S>.cleared($0.shape) },
                outputs: outputs.map { Tensor<S>.cleared($0.shape) }) : nil
    }

    package var samples: Int { weights.shape[0] }
    package var shape: Shape { Shape(Array(experts.shape.dimensions.dropFirst())) }

    /// Rows of a kernel for a task: those of all experts stay in a second-level cache, and there are sixteen tasks where
    /// there are rows enough.
    private var grain: Int {
        max(1, min((1 << 16) / max(1, sizes.experts * sizes.taps * sizes.inner), (sizes.outputs + 15) / 16))
    }

    func factors(_ sample: Int) -> MixtureFactors<S> {
        MixtureFactors(
            coefficients: coefficients.start + sample * sizes.experts * sizes.taps,
            inputs: inputs.map { $0.start + sample * $0.shape[1] },
            outputs: outputs.map { $0.start + sample * $0.shape[1] })
    }

    package func withKernels(_ samples: Range<Int>, _ body: (UnsafePointer<S>) -> Void) {
        let kernels = Storage<S>(count: samples.count * sizes.size)
        experts.read { experts in
            parallelFor(sizes.outputs, grain: grain) { rows in
                for (i, sample) in samples.enumerated() {
                    S.mixKernels(experts, factors(sample), sizes, rows: rows, into: kernels.pointer + i * sizes.size)
                }
            }
        }
        withExtendedLifetime(kernels) { body(UnsafePointer(kernels.pointer)) }
    }

    package func takeGradients(_ samples: Range<Int>, _ write: (UnsafeMutablePointer<S>) -> Void) {
        guard let gradients else { return }
        let kernels = Storage<S>(count: samples.count * sizes.size)
        write(kernels.pointer)
        // Each task has its own rows of the experts and sums of its own for all else, which are added in order.
        let columns = inputs?.shape[1] ?? 0
        let (tasks, few) = (chunkCount(sizes.outputs, grain: grain), sizes.experts * sizes.taps)
        let (fewest, inputSums) = (samples.count * few, samples.count * columns)
        let width = fewest + inputSums
        let partials = Storage<S>(count: tasks * width)
        experts.read { experts in
            parallelFor(sizes.outputs, grain: grain) { rows in
                let own = partials.pointer + rows.lowerBound / grain * width
                clear(own, width)
                for (i, sample) in samples.enumerated() {
                    S.mixedKernelGradients(
                        experts, factors(sample), sizes, kernels.pointer + i * sizes.size, rows: rows,
                        experts: gradients.experts.storage.pointer,
                        MixtureGradients(
                            coefficients: own + i * few,
                            inputs: columns > 0 ? own + fewest + i * columns : nil,
                            outputs: gradients.outputs.map { $0.storage.pointer + sample * sizes.outputs }))
                }
            }
        }
        func add(_ from: Int, _ count: Int, _ target: Tensor<S>, _ row: Int) {
            let first = target.storage.pointer + samples.lowerBound * row
            S.sumRows(partials.pointer + from, stride: width, first, tasks, count)
        }
        add(0, fewest, gradients.coefficients, few)
        if let target = gradients.inputs { add(fewest, inputSums, target, columns) }
        withExtendedLifetime((kernels, partials)) {}
    }

    /// The gradients of experts, weights, taps, inputs and outputs, once those of all kernels are taken.
    package func collected() -> [Tensor<S>?] {
        guard let gradients else { return [nil, nil, nil, nil, nil] }
        let (kernels, count) = (sizes.experts, sizes.taps)
        let sums = gradients.coefficients.array
        func sum(_ shape: Shape, over: Int, _ term: (_ sample: Int, _ at: Int, _ other: Int) -> S) -> Tensor<S> {
            Tensor(shape) { out in
                for n in 0..<shape[0] {
                    for i in 0..<shape[1] {
                        var total: S = 0
                        for j in 0..<over { total += term(n, i, j) }
                        out[n * shape[1] + i] = total
                    }
                }
            }
        }
        let dweights = sum(weights.shape, over: count) { n, k, t in
            sums[(n * kernels + k) * count + t] * (taps.map { $0.start[n * count + t] } ?? 1)
        }
        let dtaps = taps.map { taps in
            sum(taps.shape, over: kernels) { n, t, k in
                sums[(n * kernels + k) * count + t] * weights.start[n * kernels + k]
            }
        }
        return [gradients.experts, dweights, dtaps, gradients.inputs, gradients.outputs]
    }
}
