import Configuration
import Layers
import Tensors

extension OptimizerConfiguration {
    /// Momentum of sgd and muon, and the section `optimizer.muon`.
    public struct Descent: Sendable, Equatable {
        /// How much of the momentum is kept.
        public var momentum = 0.9
        /// Nesterov's variant.
        public var nesterov = false
        /// Muon: how large a step is.
        public var scale = MuonScale.matchAdamW
        /// Muon: steps of the polynomial.
        public var iterations = 5
        /// Muon: the factor on the learning rate of what AdamW updates.
        public var adamRate = 1.0

        /// The defaults.
        public init() {}

        init(_ reader: ConfigurationReader, _ kind: Kind) {
            let isMuon = kind == .muon
            momentum = reader.double(
                "momentum", default: isMuon ? 0.95 : momentum, in: 0...1.0.nextDown,
                "Momentum of sgd and muon; 0.95 by default for muon")
            nesterov = reader.bool(
                "nesterov", default: isMuon, "Whether sgd and muon take Nesterov's variant; true by default for muon")
            (scale, iterations, adamRate) = reader.section("muon", "What is orthogonalised by optimizer.kind: muon") {
                (
                    $0.choice(
                        "scale", default: scale,
                        "Size of a step: 0.2 sqrt(longer side), as large as AdamW's, or sqrt(max(1, rows / columns))"),
                    $0.int("iterations", default: iterations, in: 1...20, "Steps of the Newton-Schulz polynomial"),
                    $0.double(
                        "adamRate", default: adamRate, in: Double.leastNonzeroMagnitude...1e6,
                        "Factor on the learning rate of what AdamW updates: vectors, depthwise kernels, the first layer, heads"
                    )
                )
            }
        }

        var muon: MuonOptions {
            var options = MuonOptions()
            (options.momentum, options.nesterov, options.scale) = (momentum, nesterov, scale)
            (options.iterations, options.adamRate) = (iterations, adamRate)
            return options
        }
    }

    /// The optimizer that the section describes, with a state of zeros.
    public func makeOptimizer<S: Scalar>(_ type: S.Type, groups: ParameterGroups) -> any Optimizer<S> {
        let pair = (betas[0], betas[1])
        return switch kind {
        case .adamw: AdamW<S>(groups: groups, betas: pair, epsilon: epsilon)
        case .sgd: SGD<S>(groups: groups, momentum: momentum, nesterov: nesterov)
        case .lion: Lion<S>(groups: groups, betas: pair)
        case .muon: Muon<S>(groups: groups, options: descent.muon, betas: pair, epsilon: epsilon)
        case .lamb: Lamb<S>(groups: groups, betas: pair, epsilon: epsilon)
        case .scheduleFree: ScheduleFreeAdamW<S>(groups: groups, betas: pair, epsilon: epsilon)
        }
    }

    /// Whether there is an average beside the weights.
    package var averages: Bool { ema != nil || averageAfter != nil }

    /// The average that the section describes.
    ///
    /// - Parameters:
    ///   - epochs: of the run.
    ///   - updatesPerEpoch: 1 where updates belong to no run.
    package func makeAverage<S: Scalar>(
        _ store: ParameterStore<S>, epochs: Int, updatesPerEpoch: Int
    ) -> ExponentialMovingAverage<S>? {
        if let averageAfter {
            return ExponentialMovingAverage(
                store, mean: TailMean(after: averageAfter, epochs: epochs, updatesPerEpoch: updatesPerEpoch))
        }
        return ema.map { ExponentialMovingAverage(store, decay: $0.decay, warmup: $0.warmup) }
    }

    /// The schedule where none is named.
    package var usualSchedule: ScheduleConfiguration.Kind { kind == .scheduleFree ? .constant : .cosine }

    /// Arrays as long as the parameters that training keeps beside weights and gradients: the optimizer's, what it or a
    /// climb needs within an update, and what scheduleFree measures.
    package var arrayCount: Int {
        let own =
            switch kind {
            case .adamw: 2
            case .sgd: momentum > 0 ? 1 : 0
            case .lion: 1
            case .muon: 2
            case .lamb, .scheduleFree: 3
            }
        return own + (sharpness == nil ? 0 : 1)
    }
}

extension SharpnessAscent {
    /// Reads the section `optimizer.sharpness`.
    public init(_ reader: ConfigurationReader) {
        let isAdaptive = reader.bool(
            "adaptive", default: false, "Whether the way to each weight is in proportion to its size (ASAM)")
        self.init(
            radius: reader.double(
                "radius", default: isAdaptive ? 0.5 : 0.05, in: Double.leastNonzeroMagnitude...1e6,
                "How far from the weights the gradients are taken; 0.5 by default where adaptive is true"),
            isAdaptive: isAdaptive,
            offset: reader.double(
                "offset", default: 0.01, in: 0...1e6, "Added to each weight's size where adaptive is true"))
    }
}
