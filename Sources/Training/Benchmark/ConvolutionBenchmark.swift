import Autograd
import Layers
import Reporting
import Tensors

/// Times a convolution by itself, forward and with all its gradients, on random maps or volumes.
package struct ConvolutionBenchmark {
    /// What is convolved, and how; the numbers of axes are one for all, or one for each.
    package struct Setup: Sendable {
        /// [images, height, width, channels] or [volumes, depth, height, width, channels].
        package var input: [Int]
        package var outputs: Int
        package var kernel: [Int]
        package var stride = [1]
        package var padding = [0]
        package var dilation = [1]
        package var outputPadding = [0]
        package var groups = 1
        package var isTransposed = false

        package init(input: [Int], outputs: Int, kernel: [Int]) {
            (self.input, self.outputs, self.kernel) = (input, outputs, kernel)
        }
    }

    package struct Result: Sendable {
        /// Forward and backward.
        package let step: StepBenchmark.Times
        package let forward: StepBenchmark.Times
        /// Of the batch, forward.
        package let multiplyAdds: Int
        package let peakRate: Double
        package let peakMemoryMB: Double
    }

    private let layer: any Layer
    private let store: ParameterStore<Float>
    private let input: Tensor<Float>
    private let cotangent: Tensor<Float>
    private let multiplyAdds: Int

    /// - Throws: `ModelError` when the numbers make no convolution.
    package init(_ setup: Setup) throws {
        let scope = Scope()
        layer = try Self.make(setup, scope["convolution"])
        let trace = ModelTrace(model: "")
        let output = try layer.trace(Shape(setup.input), trace)
        try Self.checkFits(output.dimensions, "result")
        multiplyAdds = trace.root.multiplyAdds
        store = ParameterStore<Float>(scope.list, seed: 0)
        var random = Random(seed: 0, purpose: "benchmark")
        input = .normal(Shape(setup.input), from: &random)
        cotangent = .normal(output, from: &random)
    }

    /// At most a gigabyte for each.
    private static func checkFits(_ extents: [Int], _ name: String) throws {
        let most = 1 << 28
        guard extents.reduce(1, { $0 > most ? $0 : $0 * $1 }) <= most else {
            throw ModelError("the \(name) has more than \(most) elements; use smaller numbers")
        }
    }

    private static func make(_ setup: Setup, _ scope: Scope) throws -> any Layer {
        guard setup.input.count == 4 || setup.input.count == 5, setup.input.allSatisfy({ $0 >= 1 }) else {
            throw ModelError(
                "the input must be images, height, width and channels, or volumes, depth, height, width and channels; "
                    + "got \(setup.input.map(String.init).joined(separator: ","))")
        }
        let axes = setup.input.count - 2
        let inputs = setup.input[axes + 1]
        guard setup.groups >= 1, setup.outputs >= 1, inputs % setup.groups == 0, setup.outputs % setup.groups == 0
        else {
            throw ModelError("\(setup.groups) groups do not divide the channels \(inputs) and \(setup.outputs)")
        }
        func numbers(_ values: [Int], _ name: String, least: Int) throws -> [Int] {
            guard values.count == 1 || values.count == axes, values.allSatisfy({ $0 >= least }) else {
                throw ModelError("the \(name) must be one number or \(axes) of them, \(least) or more")
            }
            return values.count == axes ? values : [Int](repeating: values[0], count: axes)
        }
        let (kernel, stride) = (
            try numbers(setup.kernel, "kernel", least: 1), try numbers(setup.stride, "stride", least: 1)
        )
        let (padding, dilation) = (
            try numbers(setup.padding, "padding", least: 0), try numbers(setup.dilation, "dilation", least: 1)
        )
        try checkFits(setup.input, "input")
        try checkFits(kernel + [inputs, setup.outputs], "weight")
        let added = try numbers(setup.outputPadding, "output padding", least: 0)
        guard !setup.isTransposed || zip(added, zip(stride, dilation)).allSatisfy({ $0 < max($1.0, $1.1) }) else {
            throw ModelError("the output padding must be smaller than the stride or the dilation")
        }
        func pair(_ values: [Int]) -> Pair { Pair(values[0], values[1]) }
        func triple(_ values: [Int]) -> Triple { Triple(values[0], values[1], values[2]) }
        switch (axes, setup.isTransposed) {
        case (2, false):
            return Convolution(
                scope, inputs: inputs, outputs: setup.outputs, kernel: pair(kernel), stride: pair(stride),
                padding: pair(padding), dilation: pair(dilation), groups: setup.groups)
        case (2, true):
            return TransposedConvolution(
                scope, inputs: inputs, outputs: setup.outputs, kernel: pair(kernel), stride: pair(stride),
                padding: pair(padding), outputPadding: pair(added), dilation: pair(dilation), groups: setup.groups)
        case (_, false):
            return VolumeConvolution(
                scope, inputs: inputs, outputs: setup.outputs, kernel: triple(kernel), stride: triple(stride),
                padding: triple(padding), dilation: triple(dilation), groups: setup.groups)
        default:
            return VolumeTransposedConvolution(
                scope, inputs: inputs, outputs: setup.outputs, kernel: triple(kernel), stride: triple(stride),
                padding: triple(padding), outputPadding: triple(added), dilation: triple(dilation),
                groups: setup.groups)
        }
    }

    /// Seconds of the forward pass and of the whole step.
    private func step(_ gradients: Storage<Float>) -> (forward: Double, whole: Double) {
        let begin = MonotonicClock.seconds()
        let tape = Tape<Float>()
        let context = Context(store, mode: .training, tape: tape)
        let output = layer(tape.leaf(input), context)
        let middle = MonotonicClock.seconds()
        tape.backward(from: output, cotangent: cotangent)
        _ = context.collectGradients(into: gradients)
        return (middle - begin, MonotonicClock.seconds() - begin)
    }

    package func run(steps: Int, warmup: Int = 3) -> Result {
        let gradients = Storage<Float>(count: store.list.flatCount)
        for _ in 0..<warmup { _ = step(gradients) }
        let times = (0..<max(1, steps)).map { _ in step(gradients) }
        return Result(
            step: .init(times.map { $0.whole }), forward: .init(times.map { $0.forward }), multiplyAdds: multiplyAdds,
            peakRate: measuredPeakRate(clock: MonotonicClock.seconds), peakMemoryMB: Memory.peakMegabytes())
    }
}
