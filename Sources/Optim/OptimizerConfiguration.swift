import Configuration
import Tensors

/// The section `optimizer` of a configuration.
public struct OptimizerConfiguration: Sendable, Equatable {
    /// The optimizers that a configuration may name.
    public enum Kind: String, Sendable, CaseIterable {
        case adamw, sgd, lion, muon, lamb, scheduleFree

        /// The betas where none are given.
        public var usualBetas: [Double] { self == .lion ? [0.9, 0.99] : [0.9, 0.999] }
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
    /// The two betas of all kinds but sgd.
    public var betas = [0.9, 0.999]
    /// Epsilon of AdamW and its kin.
    public var epsilon = 1e-8
    /// SGD and Muon: momentum and what belongs to it.
    public var descent = Descent()
    /// The largest norm of all gradients together; 0 for no limit.
    public var clipNorm = 0.0
    /// Each layer's learning rate is that of the layer above times this; 1 for the same rate everywhere.
    public var layerDecay = 1.0
    /// Patterns of parameter names that are not trained.
    public var freeze: [String] = []
    /// Nil for no average.
    public var ema: Averaging?
    /// The share of the run after which the weights at the ends of epochs are averaged; nil for no such mean.
    public var averageAfter: Double?
    /// Nil for gradients at the weights themselves.
    public var sharpness: SharpnessAscent?

    /// The defaults.
    public init() {}

    /// How much of the momentum is kept.
    public var momentum: Double {
        get { descent.momentum }
        set { descent.momentum = newValue }
    }
    /// Nesterov's variant.
    public var nesterov: Bool {
        get { descent.nesterov }
        set { descent.nesterov = newValue }
    }

    /// Reads the section's keys.
    public init(_ reader: ConfigurationReader) {
        let positive = Double.leastNonzeroMagnitude ... .greatestFiniteMagnitude
        let notNegative = 0...Double.greatestFiniteMagnitude
        let fraction = 0...1.0.nextDown
        kind = reader.choice(
            "kind", default: kind,
            "AdamW; gradient descent with momentum; signs of the momentum; orthogonalised momentum for matrices of hidden "
                + "layers, AdamW for the rest; AdamW in proportion to each parameter; AdamW without a schedule")
        learningRate = reader.double(
            "learningRate", default: learningRate, in: positive, "Learning rate after the warm-up")
        weightDecay = reader.double(
            "weightDecay", default: weightDecay, in: notNegative,
            "Decay of parameters of two and more dimensions; part of the gradient for sgd, decoupled for all others")
        betas = reader.doubles(
            "betas", default: kind.usualBetas, in: fraction, count: 2...2,
            "Decay of the first and second moment, of all kinds but sgd; 0.9 and 0.99 by default for lion")
        epsilon = reader.double(
            "epsilon", default: kind == .lamb ? 1e-6 : epsilon, in: 1e-30...1,
            "Added to AdamW's denominator, and to that of its kin; 1e-6 by default for lamb")
        descent = Descent(reader, kind)
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
        averageAfter = reader.optionalDouble(
            "averageAfter", in: 0...1.0.nextDown,
            "Share of the run after which the weights at the ends of epochs are averaged (stochastic weight averaging)")
        sharpness = reader.optionalSection(
            "sharpness", "Gradients from where the loss is highest nearby (SAM), for twice the work"
        ) { SharpnessAscent($0) }
        check(reader)
    }

    private func check(_ reader: ConfigurationReader) {
        if kind == .sgd, nesterov, momentum == 0 {
            reader.problem("nesterov", "is true without momentum, expected a momentum above 0")
        }
        if averageAfter != nil, ema != nil {
            reader.problem("averageAfter", "is one average and ema another, expected one of them")
        }
        guard kind == .scheduleFree else { return }
        if betas.first == 0 {
            reader.problem("betas", "found \(betas), expected a first one above 0 for scheduleFree")
        }
        if averages {
            reader.problem(
                ema == nil ? "averageAfter" : "ema", "averages what scheduleFree has averaged, expected none with it")
        }
    }
}
