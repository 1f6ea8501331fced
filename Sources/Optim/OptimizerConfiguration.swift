import Configuration
import Tensors

/// The section `optimizer` of a configuration.
public struct OptimizerConfiguration: Sendable, Equatable {
    /// The optimizers that a configuration may name.
    public enum Kind: String, Sendable, CaseIterable {
        case adamw, sgd
    }

    /// The section `optimizer.ema`: an exponential moving average of the weights.
    public struct Averaging: Sendable, Equatable {
        /// How much of the average is kept at each update.
        public var decay = 0.9998
        /// Whether the first updates keep less.
        public var warmup = true

        /// The defaults.
        public init() {}

        /// Reads the section.
        public init(_ reader: ConfigurationReader) {
            decay = reader.double(
                "decay", default: decay, in: 0...1.0.nextDown, "Share of the average that stays at an update")
            warmup = reader.bool("warmup", default: warmup, "Whether early updates use a smaller decay")
        }
    }

    /// Which optimizer.
    public var kind = Kind.adamw
    /// The base rate.
    public var learningRate = 1e-3
    /// Decay of what is decayed.
    public var weightDecay = 0.05
    /// AdamW: the two betas.
    public var betas = [0.9, 0.999]
    /// AdamW: epsilon.
    public var epsilon = 1e-8
    /// SGD: momentum.
    public var momentum = 0.9
    /// SGD: Nesterov's variant.
    public var nesterov = false
    /// The largest norm of all gradients together; 0 for no limit.
    public var clipNorm = 0.0
    /// Each layer's learning rate is that of the layer above times this; 1 for the same rate everywhere.
    public var layerDecay = 1.0
    /// Patterns of parameter names that are not trained.
    public var freeze: [String] = []
    /// Nil for no average.
    public var ema: Averaging?

    /// The defaults.
    public init() {}

    /// Reads the section's keys.
    public init(_ reader: ConfigurationReader) {
        let positive = Double.leastNonzeroMagnitude ... .greatestFiniteMagnitude
        let notNegative = 0...Double.greatestFiniteMagnitude
        let fraction = 0...1.0.nextDown
        kind = reader.choice("kind", default: kind, "AdamW, or gradient descent with momentum")
        learningRate = reader.double(
            "learningRate", default: learningRate, in: positive, "Learning rate after the warm-up")
        weightDecay = reader.double(
            "weightDecay", default: weightDecay, in: notNegative,
            "Decay of parameters of two and more dimensions; decoupled for adamw, part of the gradient for sgd")
        betas = reader.doubles(
            "betas", default: betas, in: fraction, count: 2...2, "Decay of AdamW's first and second moment")
        epsilon = reader.double("epsilon", default: epsilon, in: 1e-30...1, "Added to AdamW's denominator")
        momentum = reader.double("momentum", default: momentum, in: fraction, "Momentum of sgd")
        nesterov = reader.bool("nesterov", default: nesterov, "Whether sgd takes Nesterov's variant")
        clipNorm = reader.double(
            "clipNorm", default: clipNorm, in: notNegative, "Largest norm of all gradients together, 0 for no limit")
        layerDecay = reader.double(
            "layerDecay", default: layerDecay, in: Double.leastNonzeroMagnitude...1,
            "Factor on the learning rate from each layer to the one below it, 1 for none")
        freeze = reader.strings(
            "freeze", default: freeze,
            "Names of parameters that are not trained; * stands for any characters, ? for one; a batch norm whose gain and "
                + "bias are frozen keeps its running statistics")
        ema = reader.optionalSection("ema", "Exponential moving average of the weights") { Averaging($0) }
        if kind == .sgd, nesterov, momentum == 0 {
            reader.problem("nesterov", "is true without momentum, expected a momentum above 0")
        }
    }

    /// The optimizer that the section describes, with a state of zeros.
    public func makeOptimizer<S: Scalar>(_ type: S.Type, groups: ParameterGroups) -> any Optimizer<S> {
        switch kind {
        case .adamw: AdamW<S>(groups: groups, betas: (betas[0], betas[1]), epsilon: epsilon)
        case .sgd: SGD<S>(groups: groups, momentum: momentum, nesterov: nesterov)
        }
    }
}
