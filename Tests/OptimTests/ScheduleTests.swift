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
}
