import Autograd
import Layers
import Tensors

/// What a teacher computed for a batch: constants by type.
public struct TeacherOutput<S: Scalar>: Sendable {
    /// [N, classes].
    public let logits: Tensor<S>
    /// The activation at each tap, [N, height, width, channels].
    public let features: [Tensor<S>]

    /// What was computed, or kept of an earlier pass.
    public init(logits: Tensor<S>, features: [Tensor<S>]) {
        self.logits = logits
        self.features = features
    }

    /// The values of a forward pass.
    public init(_ output: ModelOutput<S>) {
        self.init(logits: output.logits.value, features: output.features.map(\.value))
    }
}

/// All losses of one stage with their adapters; cross-entropy joins outside.
public struct StageLosses: Sendable, CustomStringConvertible {
    /// A loss at one level, or on the logits where there is no level.
    private struct Piece: Sendable {
        let loss: any DistillationLoss
        /// Index into the pairs; nil for logits.
        let level: Int?
    }

    private struct Entry: Sendable {
        let name: String
        let configuration: LossConfiguration
        let pieces: [Piece]
        /// Of a loss on heads, which looks at all levels at once.
        let head: (any HeadLoss)?
    }

    /// Which maps are compared; nil where no loss compares maps.
    public let pairing: FeaturePairing?
    /// One per pair, in order; none where no loss compares maps.
    public let adapters: [FeatureAdapter]
    private let entries: [Entry]

    /// Whether any of the losses compares maps, so that a pairing is needed.
    public static func needsPairing(_ losses: [LossConfiguration]) -> Bool { losses.contains { $0.kind.usesMaps } }

    /// Whether any of the losses compares what dense heads answer, so that teachers need their heads.
    public static func needsHead(_ losses: [LossConfiguration]) -> Bool { losses.contains { $0.kind.usesHead } }

    /// Declares the parameters of adapters and losses in the scope.
    ///
    /// - Parameter pairing: required where a loss compares maps.
    public init(_ scope: Scope, _ losses: [LossConfiguration], pairing: FeaturePairing?) {
        require(
            pairing != nil || !StageLosses.needsPairing(losses), "StageLosses",
            "losses on maps need to know which taps are paired")
        self.pairing = pairing
        let pairs = pairing?.pairs ?? []
        let needed = Set(losses.filter(\.kind.needsAdapter).flatMap { StageLosses.levels(of: $0, pairs) })
        adapters = pairs.indices.filter(needed.contains).map { FeatureAdapter(scope["adapters"][$0], pairs[$0]) }
        entries = losses.enumerated().map { position, loss in
            let count = losses.filter { $0.kind == loss.kind }.count
            let number = losses[...position].filter { $0.kind == loss.kind }.count
            let name = count > 1 ? "\(loss.kind.name)\(number)" : loss.kind.name
            let own = scope["losses"][name]
            let levels: [Int?] = loss.kind.usesLogits ? [nil] : StageLosses.levels(of: loss, pairs)
            let pieces = levels.compactMap { level in
                makeLoss(loss, level.map { own[$0] } ?? own, channels: level.map { pairs[$0].teacher.channels } ?? 0)
                    .map { Piece(loss: $0, level: level) }
            }
            return Entry(name: name, configuration: loss, pieces: pieces, head: makeHeadLoss(loss))
        }
    }

    private static func levels(of loss: LossConfiguration, _ pairs: [FeaturePair]) -> [Int] {
        if !loss.kind.usesMaps { return [] }
        return loss.levels == .last ? Array(pairs.indices.suffix(1)) : Array(pairs.indices)
    }

    /// The losses' weighted sum for one batch.
    ///
    /// - Parameters:
    ///   - epoch: the moment within the stage, which decides warm-up and stop.
    ///   - head: what both heads answer; required where a loss compares that.
    /// - Returns: one term per loss that acts at that moment.
    public func callAsFunction<S: Scalar>(
        student: ModelOutput<S>, teacher: TeacherOutput<S>, epoch: Double, head: HeadAnswers<S>? = nil,
        _ context: LossContext<S>
    ) -> WeightedLoss<S> {
        var sum = WeightedLoss<S>()
        var adapted: [Int: Variable<S>] = [:]
        for entry in entries {
            let weight = entry.configuration.weight(atEpoch: epoch)
            if weight == 0 { continue }
            if let loss = entry.head {
                guard let head else {
                    brokenRule("StageLosses", [], "the loss \(entry.name) needs what the heads answer")
                }
                sum.add(entry.name, loss(head), weight: weight)
                continue
            }
            var total: Variable<S>?
            for piece in entry.pieces {
                let value = apply(piece, entry.configuration.kind, student, teacher, &adapted, context)
                total = total.map { $0 + value } ?? value
            }
            guard let total else { continue }
            let mean = entry.configuration.kind.averagesLevels && entry.pieces.count > 1
            sum.add(entry.name, mean ? total.scaled(1 / Double(entry.pieces.count)) : total, weight: weight)
        }
        return sum
    }

    private func apply<S: Scalar>(
        _ piece: Piece, _ kind: LossKind, _ student: ModelOutput<S>, _ teacher: TeacherOutput<S>,
        _ adapted: inout [Int: Variable<S>], _ context: LossContext<S>
    ) -> Variable<S> {
        guard let level = piece.level, let pair = pairing?.pairs[level] else {
            return piece.loss(student: student.logits, teacher: teacher.logits, context)
        }
        let target = teacher.features[pair.teacherIndex]
        let map = student.features[pair.studentIndex]
        guard kind.needsAdapter, let adapter = adapters.first(where: { $0.pair == pair }) else {
            return piece.loss(student: map, teacher: target, context)
        }
        // Losses of one level share its adapter and its result.
        let size = Pair(target.shape[1], target.shape[2])
        let fitted = adapted[level] ?? adapter(map, size: size, context.layers)
        adapted[level] = fitted
        return piece.loss(student: fitted, teacher: target, context)
    }

    /// The losses' names, as the log has them.
    public var names: [String] { entries.map(\.name) }

    /// One line per adapter and loss, for the report before the first step.
    public var description: String {
        let pairs = pairing?.pairs ?? []
        let lines = entries.map { entry in
            let levels = entry.pieces.compactMap { piece in piece.level.map { pairs[$0].student.name } }
            let place =
                entry.head != nil ? "the head" : levels.isEmpty ? "logits" : levels.joined(separator: ", ")
            return "\(entry.name) on \(place), weight \(entry.configuration.weight)"
        }
        return (adapters.map(\.description) + lines).joined(separator: "\n")
    }
}

/// The loss at a level, or on logits; nil for one on heads.
private func makeLoss(_ loss: LossConfiguration, _ scope: Scope, channels: Int) -> (any DistillationLoss)? {
    switch loss.kind {
    case .kd: HintonLoss(temperature: loss.temperature)
    case .dkd: DecoupledLoss(temperature: loss.temperature, alpha: loss.alpha, beta: loss.beta)
    case .dist: RelationLoss(temperature: loss.temperature, alpha: loss.alpha, beta: loss.beta)
    case .headKD, .boxKD: nil
    case .l2: FeatureMimicLoss()
    case .at: AttentionTransferLoss()
    case .cwd: ChannelWiseLoss(temperature: loss.temperature)
    case .pkd: PearsonLoss()
    case .mgd:
        MaskedGenerationLoss(
            scope, channels: channels, mask: loss.mask, ratio: loss.maskRatio)
    case .fgd: FocalGlobalLoss(scope, channels: channels, rule: loss.focalGlobal, temperature: loss.temperature)
    case .fgdGlobal: GlobalRelationLoss(scope, channels: channels)
    case .fgdAttention: FocalAttentionLoss(temperature: loss.temperature)
    case .fgdFeature: FocalFeatureLoss(temperature: loss.temperature)
    }
}

private func makeHeadLoss(_ loss: LossConfiguration) -> (any HeadLoss)? {
    switch loss.kind {
    case .headKD: HeadClassLoss(temperature: loss.temperature, threshold: loss.head.threshold)
    case .boxKD: HeadBoxLoss(loss.head)
    default: nil
    }
}
