import Autograd
import Layers
import Tensors

/// A block of SegNetr (Cheng et al., arXiv 2307.02953, section 2.1): an inverted residual F, then F plus what its windows
/// of P x P pixels and its windows of 2P x 2P displaced ones make of it, then an MLP over the channels.
package struct SegNetrBlock: Layer {
    /// The side P of the local branch's windows.
    package let patch: Int
    /// The dotted path of the scope, for messages and random streams.
    package let path: String
    private let convolution: MobileConvolution
    private let local: WindowWeighting
    private let global: WindowWeighting?
    private let norm: LayerNorm
    private let mlp: FeedForward
    private let sum: ResidualSum

    package init(_ scope: Scope, inputs: Int, outputs: Int, patch: Int, globalBranch: Bool) {
        self.patch = patch
        path = scope.path
        convolution = MobileConvolution(scope["mbconv"], inputs: inputs, outputs: outputs)
        local = WindowWeighting(scope["local"], side: patch)
        global = globalBranch ? WindowWeighting(scope["global"], side: 2 * patch) : nil
        norm = LayerNorm(scope["norm"], channels: outputs)
        mlp = FeedForward(scope["mlp"], channels: outputs, hidden: 4 * outputs)
        sum = ResidualSum(scope.path)
    }

    package func callAsFunction<S: Scalar>(_ x: Variable<S>, _ context: Context<S>) -> Variable<S> {
        let f = convolution(x, context)
        var fused = LayerPath.$current.withValue(path) { f + local(f, context) }
        if let global {
            fused = LayerPath.$current.withValue(path) { fused + displaced(global(displaced(f), context)) }
        }
        return sum(feedForward: fused, norm: norm, expand: mlp.expand, reduce: mlp.reduce, context)
    }

    private func displaced<S: Scalar>(_ x: Variable<S>) -> Variable<S> {
        x.permutedWindows(
            Pair(patch), rows: Self.displacement(x.shape[1] / patch),
            columns: Self.displacement(x.shape[2] / patch))
    }

    /// Which of `count` windows along an axis comes to each place. Counted from 1, odd windows move one back and even ones
    /// one on, the first and the last change places: 3, 2, 1, 0 for four windows, counted from 0. Its own inverse.
    package static func displacement(_ count: Int) -> [Int] {
        (0..<count).map { place in
            if place == 0 { return count - 1 }
            if place == count - 1 { return 0 }
            return place % 2 == 1 ? place + 1 : place - 1
        }
    }

    package func trace(_ input: Shape, _ trace: ModelTrace) throws -> Shape {
        try trace.enter(ModelTrace.name(of: path), "SegNetr block, windows of \(patch)x\(patch)") {
            let shape = try convolution.trace(input, trace)
            try local.trace(shape, trace)
            try global?.trace(shape, trace)
            return (try mlp.trace(try norm.trace(shape, trace), trace), 0)
        }
    }
}

/// The pixels of each window weighted against each other: a softmax over the window of what an MLP makes of the pixels'
/// means over the channels. The branch's factor in the sum of branches, which is learned, is part of the weights.
struct WindowWeighting: Sendable {
    private let side: Int
    private let path: String
    private let factor: Parameter
    /// None for windows of a single pixel, whose weight is 1 whatever the MLP says.
    private let mlp: FeedForward?

    init(_ scope: Scope, side: Int) {
        self.side = side
        path = scope.path
        factor = scope.parameter("factor", [1], role: .layerScale, initializer: .constant(0.5))
        let pixels = side * side
        mlp = side > 1 ? FeedForward(scope["mlp"], channels: pixels, hidden: pixels * 3 / 2) : nil
    }

    /// The weighted map, of the same shape.
    func callAsFunction<S: Scalar>(_ x: Variable<S>, _ context: Context<S>) -> Variable<S> {
        guard let mlp else { return LayerPath.$current.withValue(path) { x * context[factor] } }
        let means = LayerPath.$current.withValue(path) {
            let windows = x.channelMean().windows(Pair(side))
            return windows.reshaped([windows.shape[0], side * side])
        }
        let scores = mlp(means, context)
        return LayerPath.$current.withValue(path) {
            x.windowWeighted(by: scores.softmax() * context[factor], side)
        }
    }

    func trace(_ map: Shape, _ trace: ModelTrace) throws {
        try trace.enter(ModelTrace.name(of: path), "weights in windows of \(side)x\(side)", parameters: [factor]) {
            _ = try mlp?.trace([map[0] * map[1] * map[2] / (side * side), side * side], trace)
            return (map, 0)
        }
    }
}
