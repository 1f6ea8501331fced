import Optim
import Testing

@Suite struct ScheduleTests {
    private func close(_ a: Double, _ b: Double) -> Bool { abs(a - b) <= 1e-15 }

    @Test func warmupAndCosineFollowTheReference() throws {
        let schedule = Schedule(.cosine, base: 4e-3, minimum: 1e-6, warmupUpdates: 5, totalUpdates: 20)
        for (update, rate) in try ReferenceRun().values("lr").enumerated() {
            #expect(close(schedule.learningRate(at: update), rate), "update \(update)")
        }
    }

    @Test func cosineMeetsItsEdges() {
        let schedule = Schedule(
            .cosine, base: 1, minimum: 0.1, warmupStart: 0.2, warmupUpdates: 4, totalUpdates: 104)
        #expect(schedule.learningRate(at: 0) == 0.2)
        #expect(close(schedule.learningRate(at: 2), 0.6))
        #expect(schedule.learningRate(at: 4) == 1)
        #expect(close(schedule.learningRate(at: 54), 0.55))
        #expect(schedule.learningRate(at: 103) > 0.1)
        #expect(schedule.learningRate(at: 104) == 0.1)
        #expect(schedule.learningRate(at: 1000) == 0.1)
    }

    @Test func otherDecaysMeetTheirEdges() {
        let step = Schedule(
            .step(every: 10, factor: 0.1), base: 1, minimum: 0.005, warmupUpdates: 2, totalUpdates: 40)
        let rates = [1, 2, 9, 10, 19, 20, 30].map(step.learningRate)
        #expect(rates.elementsEqual([0.5, 1, 1, 0.1, 0.1, 0.01, 0.005], by: close))
        let polynomial = Schedule(.polynomial(power: 2), base: 1, minimum: 0.2, totalUpdates: 10)
        #expect([0, 5, 10, 11].map(polynomial.learningRate).elementsEqual([1, 0.4, 0.2, 0.2], by: close))
        let constant = Schedule(.constant, base: 0.3, warmupUpdates: 3, totalUpdates: 9)
        #expect([0, 3, 8, 99].map(constant.learningRate) == [0, 0.3, 0.3, 0.3])
    }

    @Test func emptyAndOneUpdateRunsHaveARate() {
        for total in [0, 1] {
            #expect(Schedule(.cosine, base: 1, totalUpdates: total).learningRate(at: 0) == 1)
        }
    }

    @Test func epochsBecomeUpdates() {
        var configuration = ScheduleConfiguration()
        configuration.warmupEpochs = 0.5
        let (schedule, notice) = Schedule.make(configuration, learningRate: 0.1, epochs: 10, updatesPerEpoch: 20)
        #expect(schedule == Schedule(.cosine, base: 0.1, minimum: 1e-6, warmupUpdates: 10, totalUpdates: 200))
        #expect(notice == nil)
        configuration.kind = .step
        configuration.stepEpochs = 3
        let stepped = Schedule.make(configuration, learningRate: 0.1, epochs: 10, updatesPerEpoch: 20).schedule
        #expect(stepped.decay == .step(every: 60, factor: 0.1))
        configuration.milestones = [8, 9.5]
        let placed = Schedule.make(configuration, learningRate: 1, epochs: 10, updatesPerEpoch: 20).schedule
        #expect(placed.decay == .steps(at: [160, 190], factor: 0.1))
        let rates = [20, 159, 160, 189, 190].map { placed.learningRate(at: $0) }
        #expect(rates[0] == 1 && rates[1] == 1 && rates[2] == 0.1 && rates[3] == 0.1)
        #expect(abs(rates[4] - 0.01) < 1e-12)
    }

    @Test func warmupThatDoesNotFitIsCutToAFifth() {
        let configuration = ScheduleConfiguration()
        let (schedule, notice) = Schedule.make(configuration, learningRate: 0.1, epochs: 3, updatesPerEpoch: 10)
        #expect(schedule.warmupUpdates == 6)
        #expect(
            notice == "A warm-up of 50 updates (schedule.warmupEpochs) does not fit a run of 30; it is cut to 6.")
        let tiny = Schedule.make(configuration, learningRate: 0.1, epochs: 1, updatesPerEpoch: 2)
        #expect(tiny.schedule.warmupUpdates == 0)
        #expect(tiny.schedule.learningRate(at: 0) == 0.1)
    }

    @Test func minimumAboveTheRateGivesWay() {
        var configuration = ScheduleConfiguration()
        configuration.warmupEpochs = 0
        let (schedule, notice) = Schedule.make(configuration, learningRate: 1e-7, epochs: 2, updatesPerEpoch: 10)
        #expect((0..<20).allSatisfy { close(schedule.learningRate(at: $0), 1e-7) })
        #expect(notice?.contains("schedule.minimumLearningRate") == true)
    }

    private func deviation(_ name: String, _ rate: (Int) -> Double) throws -> Double {
        try ReferenceRun("optimizers").values(name).enumerated().map { abs(rate($0) / $1 - 1) }.max() ?? 1
    }

    @Test func oneCycleFollowsTheReference() throws {
        var linear = OneCycle()
        (linear.anneal, linear.rise) = (.linear, 0.25)
        var three = OneCycle()
        (three.rise, three.threePhase) = (0.4, true)
        var threeLinear = three
        threeLinear.anneal = .linear
        for (name, cycle, total) in [
            ("cosine", OneCycle(), 40), ("linear", linear, 40), ("threePhase", three, 47),
            ("threePhaseLinear", threeLinear, 47),
        ] {
            let schedule = Schedule(.oneCycle(cycle), base: 0.1, minimum: 1, totalUpdates: total)
            let error = try deviation("oneCycle." + name, schedule.learningRate)
            #expect(error < 1e-12, "\(name): \(error)")
            #expect(schedule.learningRate(at: 1000) == schedule.learningRate(at: total - 1))
        }
        for total in [0, 1, 2, 3] {
            let schedule = Schedule(.oneCycle(three), base: 0.1, totalUpdates: total)
            #expect((0..<3).allSatisfy { schedule.learningRate(at: $0).isFinite }, "\(total) updates")
        }
    }

    @Test func warmRestartsFollowTheReference() throws {
        for (name, factor) in [("restarts", 2.0), ("restarts.even", 1)] {
            let schedule = Schedule(
                .warmRestarts(every: 7, factor: factor), base: 0.1, minimum: 0.001, warmupUpdates: 5, totalUpdates: 20)
            let error = try deviation(name) { schedule.learningRate(at: $0 + 5) }
            #expect(error < 1e-12, "\(name): \(error)")
            #expect(schedule.learningRate(at: 1) == 0.02)
        }
    }

    @Test func plateauFollowsTheReference() throws {
        let series = try ReferenceRun("optimizers").values("validation")
        var cooling = Plateau()
        (cooling.factor, cooling.patience, cooling.threshold) = (0.5, 1, 0.01)
        (cooling.isRelative, cooling.cooldown) = (false, 2)
        var lower = Plateau()
        (lower.factor, lower.patience, lower.threshold, lower.cooldown) = (0.3, 1, 0.02, 1)
        var plain = Plateau()
        plain.patience = 2
        for (name, plateau, minimum, isHigherBetter) in [
            ("higher", plain, 1e-6, true), ("cooldown", cooling, 0.02, true), ("lower", lower, 1e-6, false),
        ] {
            var memory = Plateau.Memory()
            var falls = 0
            let rates = series.map { value in
                if plateau.observe(isHigherBetter ? value : 1 - value, isHigherBetter: isHigherBetter, &memory) {
                    falls += 1
                }
                return memory.lowered(0.1, minimum: minimum)
            }
            let error = try deviation("plateau." + name) { rates[$0] }
            #expect(error < 1e-12, "\(name): \(error)")
            #expect(falls > 1)
        }
        // A rate that is still rising is not lifted to the minimum.
        #expect(Plateau.Memory(scale: 0.1).lowered(1e-7, minimum: 1e-6) == 1e-7)
    }

    @Test func oneCycleNeedsNoWarmupAndSaysSo() {
        var configuration = ScheduleConfiguration()
        configuration.kind = .oneCycle
        let (schedule, notice) = Schedule.make(configuration, learningRate: 0.1, epochs: 10, updatesPerEpoch: 20)
        #expect(schedule.decay == .oneCycle(OneCycle()) && schedule.warmupUpdates == 0)
        #expect(notice?.contains("schedule.warmupEpochs") == true)
        configuration.warmupEpochs = 0
        #expect(Schedule.make(configuration, learningRate: 0.1, epochs: 10, updatesPerEpoch: 20).notice == nil)
        configuration.kind = .linear
        #expect(
            Schedule.make(configuration, learningRate: 0.1, epochs: 10, updatesPerEpoch: 20).schedule.decay
                == .polynomial(power: 1))
    }
}
