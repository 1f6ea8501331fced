// Stages: what one stage of a distillation is configured with, and its losses put together.

import Configuration

/// One stage: how long and with which losses the student learns from a teacher.
public struct StageConfiguration: Sendable, Hashable {
    /// How long a stage is.
    public struct Length: Sendable, Hashable {
        /// Epochs of the stage.
        public var epochs = 10.0
        /// So many epochs of the stage without a better validation end it, and what follows gets the epochs left; 0 for
        /// never.
        public var patience = 0
    }

    /// How long the stage is.
    public var length = Length()
    /// Epochs of the stage.
    public var epochs: Double {
        get { length.epochs }
        set { length.epochs = newValue }
    }
    /// Factor of cross-entropy with the labels.
    public var crossEntropyWeight = 1.0
    /// What is added to cross-entropy.
    public var losses = [LossConfiguration(.kd), LossConfiguration(.pkd)]
    /// Replaces the temperature of the logit losses that name none.
    public var temperature: Double?
    /// How the weight of the losses is found.
    public var balance = Balance.off
    /// How large the balanced distillation part is beside the task's.
    public var balanceRatio = 1.0
    /// How many steps are measured before the weight is fixed.
    public var balanceSteps = 50
    /// Taps by name; by stride when empty.
    public var pairs: [FeaturePairing.Names] = []
    /// Whether the learning-rate schedule starts anew, with its warm-up.
    public var restartSchedule = true
    /// Whether moments of the optimizer start from 0.
    public var resetOptimizer = true
    /// Whether adapters are drawn anew; those of another shape always are.
    public var resetAdapters = true
    /// Whether running statistics start anew; they are the student's own, so usually not.
    public var resetStatistics = false

    /// The defaults.
    public init() {}

    /// Whether a loss looks at what heads say, so that teachers need theirs.
    package var needsAnswers: Bool { losses.contains { $0.kind.usesLogits } || StageLosses.needsHead(losses) }

    /// Reads a section; what it leaves out is as in `base`.
    public init(_ reader: ConfigurationReader, base: StageConfiguration = StageConfiguration()) {
        self = base
        let positive = Double.leastNonzeroMagnitude ... .greatestFiniteMagnitude
        let notNegative = 0...Double.greatestFiniteMagnitude
        epochs = reader.double("epochs", default: base.epochs, in: 0...1e6, "Epochs of the stage")
        crossEntropyWeight = reader.double(
            "crossEntropyWeight", default: base.crossEntropyWeight, in: notNegative,
            "Factor of cross-entropy with the labels")
        temperature =
            reader.optionalDouble(
                "temperature", in: positive, "Temperature of kd, dkd and dist; each loss's own when absent")
            ?? base.temperature
        var given: [LossConfiguration] = []
        for loss in reader.list("losses", "Distillation losses, added up", { LossReading($0) }) {
            var configuration = loss.configuration
            if let temperature, configuration.kind.usesLogits, !loss.hasTemperature {
                configuration.temperature = temperature
            }
            given.append(configuration)
        }
        if reader.has("losses") {
            losses = given
        } else if let temperature, reader.has("temperature") {
            for i in losses.indices where losses[i].kind.usesLogits { losses[i].temperature = temperature }
        }
        balance = reader.choice("balance", default: base.balance, "How the weight of the losses is found")
        balanceRatio = reader.double(
            "balanceRatio", default: base.balanceRatio, in: positive, "Size of the balanced losses beside cross-entropy"
        )
        balanceSteps = reader.int(
            "balanceSteps", default: base.balanceSteps, in: 1...100_000,
            "Steps that are measured before the weight is fixed")
        let named = reader.list("pairs", "Taps that are compared, by name; by stride when empty") {
            FeaturePairing.Names(
                student: $0.requiredString("student", "A tap of the student"),
                teacher: $0.requiredString("teacher", "A tap of the teacher"))
        }
        if reader.has("pairs") { pairs = named }
        restartSchedule = reader.bool(
            "restartSchedule", default: base.restartSchedule, "Whether the learning-rate schedule starts anew")
        resetOptimizer = reader.bool(
            "resetOptimizer", default: base.resetOptimizer, "Whether the optimizer forgets its moments")
        resetAdapters = reader.bool("resetAdapters", default: base.resetAdapters, "Whether adapters are drawn anew")
        resetStatistics = reader.bool(
            "resetStatistics", default: base.resetStatistics, "Whether running statistics of norms start anew")
        length.patience = reader.int(
            "patience", default: base.length.patience, in: 0...1_000_000,
            "Epochs of the stage without a better validation that end it; the epochs left go to the next one; 0 = never"
        )
        if losses.isEmpty, crossEntropyWeight == 0 {
            reader.problem("losses", "is empty with a crossEntropyWeight of 0, expected at least one loss")
        }
    }

    private struct LossReading {
        let configuration: LossConfiguration
        let hasTemperature: Bool

        init(_ reader: ConfigurationReader) {
            configuration = LossConfiguration(reader)
            hasTemperature = reader.has("temperature")
        }
    }
}

/// The stages of a run: one setting for all, and what some teachers change.
public struct StageSchedule: Sendable, Hashable {
    /// What holds for all stages.
    public var common = StageConfiguration()
    /// What holds for the stages of single teachers.
    public var byTeacher: [String: StageConfiguration] = [:]

    /// The defaults.
    public init() {}

    /// Reads the section `stage` and the list `stages`, whose entries name a `teacher`.
    /// - Parameter usual: what holds where the section says nothing.
    public init(_ reader: ConfigurationReader, usual: StageConfiguration = StageConfiguration()) {
        let base = reader.section("stage", "What all stages have in common") { StageConfiguration($0, base: usual) }
        common = base
        let entries = reader.list("stages", "What the stages of some teachers change") { entry in
            let teacher = entry.requiredString("teacher", "The teacher's name in the pool")
            return (entry, teacher, StageConfiguration(entry, base: base))
        }
        for (entry, teacher, configuration) in entries {
            if byTeacher.updateValue(configuration, forKey: teacher) != nil {
                entry.problem("teacher", "`\(teacher)` has two entries, expected one")
            }
        }
    }

    /// The stage with a teacher.
    public func stage(for teacher: String) -> StageConfiguration { byTeacher[teacher] ?? common }

    /// - Throws: `DistillationError` when an entry names a teacher that is not in the pool.
    public func check(pool: [String]) throws {
        for name in byTeacher.keys.sorted() where !pool.contains(name) {
            let hint = nearest(name, in: pool).map { ", did you mean `\($0)`?" } ?? ", expected one of \(quoted(pool))."
            throw DistillationError("The list `stages` names the teacher `\(name)`, which is not in the pool\(hint)")
        }
    }
}
