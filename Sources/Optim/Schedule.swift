import Tensors

/// The learning rate as a pure function of the update index, counted from 0 over the whole run: a linear warm-up, then
/// the decay over the updates that are left.
public struct Schedule: Sendable, Equatable {
    /// How the rate falls after the warm-up.
    public enum Decay: Sendable, Equatable {
        /// Half a cosine from the base rate to the minimum; Loshchilov and Hutter, arXiv 1608.03983.
        case cosine
        /// A factor every so many updates, counted from the start of the run, warm-up included, as in timm.
        case step(every: Int, factor: Double)
        /// A factor at each of some updates, counted likewise.
        case steps(at: [Int], factor: Double)
        case constant
        /// minimum + (base - minimum) (1 - progress)^power.
        case polynomial(power: Double)
        /// Half a cosine from the base rate to the minimum over `every` updates, again and again, each time over `factor`
        /// times as many; Loshchilov and Hutter, arXiv 1608.03983, equation 5.
        case warmRestarts(every: Double, factor: Double)
        /// One rise and fall over the whole run, without a warm-up and without regard to the minimum.
        case oneCycle(OneCycle)
    }

    /// How the rate falls after the warm-up.
    public let decay: Decay
    /// The rate after the warm-up.
    public let base: Double
    /// The rate at the end of cosine and polynomial.
    public let minimum: Double
    /// The rate of update 0 when there is a warm-up.
    public let warmupStart: Double
    /// Updates over which the rate rises.
    public let warmupUpdates: Int
    /// Updates of the whole run, warm-up included.
    public let totalUpdates: Int

    /// A schedule over `totalUpdates` updates.
    public init(
        _ decay: Decay, base: Double, minimum: Double = 0, warmupStart: Double = 0, warmupUpdates: Int = 0,
        totalUpdates: Int
    ) {
        require(
            warmupUpdates >= 0 && totalUpdates >= 0, "Schedule",
            "got \(warmupUpdates) warm-up updates of \(totalUpdates), expected no negative numbers")
        if case .step(let every, _) = decay {
            require(every > 0, "Schedule", "a step every \(every) updates, expected at least 1")
        }
        if case .warmRestarts(let every, let factor) = decay {
            require(
                every > 0 && factor >= 1, "Schedule",
                "a restart every \(every) updates and a factor \(factor), expected more than 0 and at least 1")
        }
        self.decay = decay
        self.base = base
        self.minimum = minimum
        self.warmupStart = warmupStart
        self.warmupUpdates = warmupUpdates
        self.totalUpdates = totalUpdates
    }

    /// The rate of that update. The warm-up reaches the base rate at update `warmupUpdates`, where the decay begins; the
    /// last update of a cosine lies one step above the minimum, and later ones stay at the minimum.
    public func learningRate(at update: Int) -> Double {
        let update = max(0, update)
        if case .oneCycle(let cycle) = decay {
            return totalUpdates > 0 ? cycle.learningRate(at: update, of: totalUpdates, base: base) : base
        }
        if update < warmupUpdates {
            return warmupStart + (base - warmupStart) * Double(update) / Double(warmupUpdates)
        }
        let length = totalUpdates - warmupUpdates
        let progress = length > 0 ? min(1, Double(update - warmupUpdates) / Double(length)) : 0
        switch decay {
        case .cosine: return minimum + (base - minimum) / 2 * (1 + cosine(.pi * progress))
        case .step(let every, let factor): return max(minimum, base * power(factor, Double(update / every)))
        case .steps(let updates, let factor):
            return max(minimum, base * power(factor, Double(updates.count { $0 <= update })))
        case .constant, .oneCycle: return base
        case .polynomial(let exponent): return minimum + (base - minimum) * power(1 - progress, exponent)
        case .warmRestarts(let every, let factor):
            let share = Schedule.shareOfCycle(Double(update - warmupUpdates), every, factor)
            return minimum + (base - minimum) / 2 * (1 + cosine(.pi * share))
        }
    }

    /// How far a position lies in its cycle, where each is `factor` times as long as the one before.
    private static func shareOfCycle(_ position: Double, _ first: Double, _ factor: Double) -> Double {
        guard factor > 1 else { return position.truncatingRemainder(dividingBy: first) / first }
        var (start, length) = (0.0, first)
        while position >= start + length { (start, length) = (start + length, length * factor) }
        return (position - start) / length
    }
}

extension Schedule {
    /// The schedule of a run of `epochs` epochs.
    ///
    /// - Returns: the schedule, and one sentence for each value that had to give way to a short run or a small rate.
    public static func make(
        _ configuration: ScheduleConfiguration, learningRate: Double, epochs: Int, updatesPerEpoch: Int
    ) -> (schedule: Schedule, notice: String?) {
        let total = epochs * updatesPerEpoch
        func updates(_ epochs: Double) -> Int { Int((epochs * Double(updatesPerEpoch)).rounded()) }
        var notices: [String] = []
        var warmup = updates(configuration.warmupEpochs)
        if configuration.kind == .oneCycle, warmup > 0 {
            notices.append(
                "schedule.warmupEpochs has no effect with schedule.kind oneCycle, which rises by itself "
                    + "(schedule.oneCycle.rise).")
            warmup = 0
        }
        if warmup > 0, warmup >= total {
            notices.append(
                "A warm-up of \(warmup) updates (schedule.warmupEpochs) does not fit a run of \(total); "
                    + "it is cut to \(total / 5).")
            warmup = total / 5
        }
        let minimum = min(configuration.minimumLearningRate, learningRate)
        if minimum < configuration.minimumLearningRate {
            notices.append(
                "schedule.minimumLearningRate \(configuration.minimumLearningRate) lies above optimizer.learningRate "
                    + "\(learningRate); the rate stays at the latter.")
        }
        let decay: Decay =
            switch configuration.kind {
            case .cosine: .cosine
            case .step:
                if let milestones = configuration.milestones {
                    .steps(at: milestones.map(updates), factor: configuration.stepFactor)
                } else {
                    .step(every: max(1, updates(configuration.stepEpochs)), factor: configuration.stepFactor)
                }
            case .constant, .plateau: .constant
            case .polynomial: .polynomial(power: configuration.power)
            case .linear: .polynomial(power: 1)
            case .warmRestarts:
                .warmRestarts(
                    every: max(1, configuration.restarts.epochs * Double(updatesPerEpoch)),
                    factor: configuration.restarts.factor)
            case .oneCycle: .oneCycle(configuration.oneCycle)
            }
        let schedule = Schedule(
            decay, base: learningRate, minimum: minimum,
            warmupStart: min(configuration.warmupLearningRate, learningRate), warmupUpdates: warmup, totalUpdates: total
        )
        return (schedule, notices.isEmpty ? nil : notices.joined(separator: " "))
    }
}
