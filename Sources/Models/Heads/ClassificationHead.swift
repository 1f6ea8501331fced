// Heads: what makes a task's answer of a backbone's features, one file for each.

import Autograd
import Layers
import Tensors

/// The end of a classifier: one vector per image of the last map or the class token, a layer norm where the family has
/// one, a linear layer. The answer is the logits [N, classes].
public struct ClassificationHead: Head {
    /// Where the vector comes from.
    public enum Source: Sendable, Hashable {
        /// The mean over the last map's positions, which is then normalised.
        case pooledMap
        /// The last map is normalised and then averaged over its positions.
        case normalizedMap
        /// The class token, normalised.
        case classToken
    }

    /// How the classifiers of a family end.
    public struct Form: Sendable, Equatable {
        /// The name of the layer norm's parameters; `nil` when there is no norm.
        public var norm: String?
        /// What the norm adds to the variance.
        public var epsilon: Double
        /// The name of the linear layer's parameters.
        public var linear: String
        /// Where the vector comes from.
        public var source: Source
        /// The first values of the linear layer's weight.
        public var initializer: Initializer
        /// The first values of the linear layer's bias.
        public var biasInitializer: Initializer

        /// A form with PyTorch's names for its layers.
        public init(
            norm: String? = nil, epsilon: Double = 1e-6, linear: String = "head", source: Source = .pooledMap,
            initializer: Initializer = .normal(deviation: 0.02), biasInitializer: Initializer = .constant(0)
        ) {
            self.norm = norm
            self.epsilon = epsilon
            self.linear = linear
            self.source = source
            self.initializer = initializer
            self.biasInitializer = biasInitializer
        }

        /// The parameters of the linear layer, whose size is the number of classes.
        public var outputParameters: [String] { [linear + ".weight", linear + ".bias"] }
    }

    /// How many classes it tells apart.
    public let classes: Int
    private let source: Source
    private let norm: LayerNorm?
    private let linear: Linear

    /// Declares the head's parameters, the norm's before those of the linear layer.
    /// - Parameters:
    ///   - scope: the root.
    ///   - inputs: channels of the last map.
    public init(_ scope: Scope, _ form: Form, inputs: Int, classes: Int) {
        self.classes = classes
        source = form.source
        norm = form.norm.map { LayerNorm(scope[$0], channels: inputs, epsilon: form.epsilon) }
        linear = Linear(
            scope[form.linear], inputs: inputs, outputs: classes, initializer: form.initializer,
            biasInitializer: form.biasInitializer)
    }

    /// The logits [N, classes].
    public func callAsFunction<S: Scalar>(_ features: Features<S>, _ context: Context<S>) -> [Variable<S>] {
        let map = features.maps[features.maps.count - 1]
        func normalized(_ x: Variable<S>) -> Variable<S> { norm.map { $0(x, context) } ?? x }
        let vector =
            switch source {
            case .pooledMap: normalized(map.globalAveragePooled())
            case .normalizedMap: normalized(map).globalAveragePooled()
            case .classToken: normalized(features.token ?? map.globalAveragePooled())
            }
        return [linear(vector, context)]
    }

    /// Enters pool, norm and linear layer. A norm before the pool is entered with one row, as that of a class token.
    public func trace(_ maps: [Shape], _ trace: ModelTrace) throws {
        var vector: Shape = [1, maps[maps.count - 1].columns]
        if source == .pooledMap { trace.enter("pool", "global average pool") { (vector, 0) } }
        if let norm { vector = try norm.trace(vector, trace) }
        _ = try linear.trace(vector, trace)
    }
}
