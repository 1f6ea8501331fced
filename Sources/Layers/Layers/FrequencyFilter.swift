import Autograd
import Tensors

/// The adaptive frequency filter (Huang et al., arXiv 2307.14008): the spectrum of a map times a filter that two complex
/// linear layers make of it, over blocks of channels at each frequency; added to the map. It works for maps of any size.
/// Parameters are those of the released code: `w1`, `b1`, `w2`, `b2`.
public struct FrequencyFilter: Layer {
    /// [2, blocks, channels of a block, the same], real parts first.
    public let weights: (Parameter, Parameter)
    /// [2, blocks, channels of a block].
    public let biases: (Parameter, Parameter)
    /// The dotted path of the scope, for messages and random streams.
    public let path: String
    private let channels: Int
    private let threshold: Double

    /// - Parameters:
    ///   - blocks: of channels that do not see each other; they divide the channels.
    ///   - threshold: by which the filter's numbers are moved towards 0.
    public init(_ scope: Scope, channels: Int, blocks: Int = 8, threshold: Double = 0.01) {
        path = scope.path
        self.channels = channels
        self.threshold = threshold
        let side = channels / max(1, blocks)
        func weight(_ name: String) -> Parameter {
            scope.parameter(
                name, [2, blocks, side, side], layout: .complexBlocks, role: .weight,
                initializer: .normal(deviation: 0.02))
        }
        func bias(_ name: String) -> Parameter {
            scope.parameter(name, [2, blocks, side], role: .bias, initializer: .normal(deviation: 0.02))
        }
        weights = (weight("w1"), weight("w2"))
        biases = (bias("b1"), bias("b2"))
    }

    /// The filtered map, of the same shape.
    public func callAsFunction<S: Scalar>(_ x: Variable<S>, _ context: Context<S>) -> Variable<S> {
        LayerPath.$current.withValue(path) {
            x.frequencyFiltered(
                weights: (context[weights.0], context[weights.1]), biases: (context[biases.0], context[biases.1]),
                threshold: threshold)
        }
    }

    /// Checks the shape, enters the layer and returns the shape of its result; of its work the products at each frequency
    /// are counted, the transforms are not.
    /// - Throws: `ModelError` when the blocks do not divide the channels.
    public func trace(_ input: Shape, _ trace: ModelTrace) throws -> Shape {
        let (blocks, side) = (weights.0.shape[1], weights.0.shape[2])
        guard blocks * side == channels else {
            throw ModelError("\(path): \(channels) channels cannot be cut into \(blocks) blocks of equal size")
        }
        let kind = "frequency filter \(channels), \(blocks) blocks"
        let parameters = [weights.0, biases.0, weights.1, biases.1]
        return trace.enter(ModelTrace.name(of: path), kind, parameters: parameters) {
            let bins = Int.product(input[1], input[2] / 2 + 1)
            return (input, Int.product(input[0], bins, 2 * blocks, 2 * side, 2 * side))
        }
    }
}
