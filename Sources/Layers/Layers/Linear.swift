// Layers: one file for each, or for each group of close relatives; a layer holds handles, no values.

import Autograd
import Tensors

/// y = x W^T + b over the last axis; on channels-last maps also the pointwise (1x1) convolution.
public struct Linear: Layer {
    /// [outputs, inputs].
    public let weight: Parameter
    /// [outputs], where there is one.
    public let bias: Parameter?
    /// The dotted path of the scope, for messages and random streams.
    public let path: String
    /// The extent of the last axis.
    let inputs: Int
    /// What it becomes.
    let outputs: Int

    /// - Parameter layout: `.plain` for PyTorch's `Linear` [out, in], `.pointwise` for a 1x1 `Conv2d` [out, in, 1, 1].
    public init(
        _ scope: Scope, inputs: Int, outputs: Int, bias: Bool = true, layout: ParameterLayout = .plain,
        initializer: Initializer = .normal(deviation: 0.02), biasInitializer: Initializer = .constant(0)
    ) {
        path = scope.path
        self.inputs = inputs
        self.outputs = outputs
        weight = scope.parameter("weight", [outputs, inputs], layout: layout, role: .weight, initializer: initializer)
        self.bias = bias ? scope.parameter("bias", [outputs], role: .bias, initializer: biasInitializer) : nil
    }

    /// x W^T + b, [..., outputs].
    public func callAsFunction<S: Scalar>(_ x: Variable<S>, _ context: Context<S>) -> Variable<S> {
        LayerPath.$current.withValue(path) {
            LayerProbe.given(path, x).linear(context[weight], bias.map { context[$0] })
        }
    }

    /// The same with the outputs in consecutive parts of the given widths, each contiguous.
    public func callAsFunction<S: Scalar>(
        _ x: Variable<S>, _ context: Context<S>, splitInto widths: [Int]
    ) -> [Variable<S>] {
        LayerPath.$current.withValue(path) {
            LayerProbe.given(path, x).linear(context[weight], bias.map { context[$0] }, splitInto: widths)
        }
    }

    /// The same of gelu(x), without storing the activation.
    public func callAsFunction<S: Scalar>(gelu x: Variable<S>, _ context: Context<S>) -> Variable<S> {
        if LayerProbe.watchesInputs { return self(x.map(.gelu), context) }
        return LayerPath.$current.withValue(path) { x.geluLinear(context[weight], bias.map { context[$0] }) }
    }

    /// The same of max(x, 0), without storing the activation.
    package func callAsFunction<S: Scalar>(relu x: Variable<S>, _ context: Context<S>) -> Variable<S> {
        if LayerProbe.watchesInputs { return self(x.relu(), context) }
        return LayerPath.$current.withValue(path) { x.reluLinear(context[weight], bias.map { context[$0] }) }
    }

    /// Of max(x, 0) for samples x [N, .., inputs] one output each, that of the row of the weight which `rows` names,
    /// [N, .., 1].
    package func callAsFunction<S: Scalar>(
        relu x: Variable<S>, rows: [Int32], _ context: Context<S>
    ) -> Variable<S> {
        LayerPath.$current.withValue(path) {
            x.reluLinearRow(context[weight], bias.map { context[$0] }, rows: rows)
        }
    }

    /// Checks the shape, enters the layer and returns the shape of its result.
    public func trace(_ input: Shape, _ trace: ModelTrace) throws -> Shape {
        trace.enter(
            ModelTrace.name(of: path), "linear \(inputs) -> \(outputs)",
            parameters: [weight] + (bias.map { [$0] } ?? [])
        ) {
            (input.replacing(axis: -1, with: outputs), Int.product(input.rows, inputs, outputs))
        }
    }
}
