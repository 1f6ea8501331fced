import Configuration
import Layers
import Optim
import Testing

@Suite struct ConfigurationTests {
    private func read(_ text: String) throws -> (OptimizerConfiguration, ScheduleConfiguration) {
        try ConfigurationDocument.parse(text: text, name: "test.yaml").read { reader in
            (
                reader.section("optimizer", "The optimizer") { OptimizerConfiguration($0) },
                reader.section("schedule", "The learning rate") { ScheduleConfiguration($0) }
            )
        }
    }

    @Test func emptySectionsHaveTheDefaults() throws {
        let (optimizer, schedule) = try read("optimizer:\nschedule:\n")
        #expect(optimizer == OptimizerConfiguration())
        #expect(schedule == ScheduleConfiguration())
        #expect(optimizer.ema == nil)
    }

    @Test func everyKeyIsRead() throws {
        let (optimizer, schedule) = try read(
            """
            optimizer:
              kind: sgd
              learningRate: 0.5
              weightDecay: 1e-4
              betas: [0.8, 0.95]
              epsilon: 1e-6
              momentum: 0.8
              nesterov: true
              clipNorm: 5
              ema: { decay: 0.99, warmup: false }
            schedule:
              kind: polynomial
              warmupEpochs: 1.5
              warmupLearningRate: 1e-5
              minimumLearningRate: 1e-4
              stepEpochs: 2
              stepFactor: 0.5
              power: 2
            """)
        #expect(optimizer.kind == .sgd)
        #expect(optimizer.learningRate == 0.5)
        #expect(optimizer.weightDecay == 1e-4)
        #expect(optimizer.betas == [0.8, 0.95])
        #expect(optimizer.epsilon == 1e-6)
        #expect(optimizer.momentum == 0.8)
        #expect(optimizer.nesterov)
        #expect(optimizer.clipNorm == 5)
        #expect(optimizer.ema?.decay == 0.99)
        #expect(optimizer.ema?.warmup == false)
        #expect(schedule.kind == .polynomial)
        #expect(schedule.warmupEpochs == 1.5)
        #expect(schedule.warmupLearningRate == 1e-5)
        #expect(schedule.minimumLearningRate == 1e-4)
        #expect(schedule.stepEpochs == 2)
        #expect(schedule.stepFactor == 0.5)
        #expect(schedule.power == 2)
    }

    @Test func kindsHaveTheirOwnDefaultsAndOptimizers() throws {
        let groups = ParameterGroups(sampleList(), weightDecay: 0.05)
        let kinds = OptimizerConfiguration.Kind.allCases
        let made = try kinds.map { kind in
            try read("optimizer: {kind: \(kind.rawValue)}").0.makeOptimizer(Float.self, groups: groups)
        }
        #expect((made[2] as? Lion<Float>)?.beta2 == 0.99)
        #expect((made[3] as? Muon<Float>)?.options == MuonOptions())
        #expect((made[4] as? Lamb<Float>)?.epsilon == 1e-6)
        #expect((made[5] as? ScheduleFreeAdamW<Float>)?.beta1 == 0.9)
        // Within an update one more array of lamb, and one more that scheduleFree measures.
        #expect(made.map { $0.stateArrays.count } == [2, 1, 1, 2, 2, 2])
        let counts = try kinds.map { try read("optimizer: {kind: \($0.rawValue)}").0.arrayCount }
        #expect(counts == [2, 1, 1, 2, 3, 3])
        #expect(try read("optimizer: {kind: lion, sharpness: {}}").0.arrayCount == 2)
    }

    @Test func keysOfTheFamiliesAreRead() throws {
        let (optimizer, schedule) = try read(
            """
            optimizer:
              kind: muon
              momentum: 0.9
              nesterov: false
              muon: {scale: original, iterations: 6, adamRate: 0.1}
              sharpness: {adaptive: true, offset: 0.1}
            schedule:
              kind: warmRestarts
              restarts: {epochs: 4, factor: 2}
              oneCycle: {rise: 0.4, anneal: linear, startDivisor: 10, endDivisor: 100, threePhase: true}
              plateau: {factor: 0.5, patience: 2, threshold: 0.01, relative: false, cooldown: 1}
            """)
        let groups = ParameterGroups(sampleList(), weightDecay: 0.05)
        let muon = try #require(optimizer.makeOptimizer(Float.self, groups: groups) as? Muon<Float>)
        var options = MuonOptions()
        (options.momentum, options.nesterov, options.scale) = (0.9, false, .original)
        (options.iterations, options.adamRate) = (6, 0.1)
        #expect(muon.options == options)
        #expect(optimizer.sharpness == SharpnessAscent(radius: 0.5, isAdaptive: true, offset: 0.1))
        #expect(try read("optimizer: {sharpness: {}}").0.sharpness == SharpnessAscent(radius: 0.05))
        let made = Schedule.make(schedule, learningRate: 1, epochs: 20, updatesPerEpoch: 10).schedule
        #expect(made.decay == .warmRestarts(every: 40, factor: 2))
        var cycle = OneCycle()
        (cycle.rise, cycle.anneal, cycle.startDivisor, cycle.endDivisor) = (0.4, .linear, 10, 100)
        cycle.threePhase = true
        #expect(schedule.oneCycle == cycle)
        var plateau = Plateau()
        (plateau.factor, plateau.patience, plateau.threshold) = (0.5, 2, 0.01)
        (plateau.isRelative, plateau.cooldown) = (false, 1)
        #expect(schedule.plateau == plateau)
    }

    @Test(arguments: [
        ("optimizer: {kind: muno}", "`muon`"), ("optimizer: {kind: schedulefree}", "`scheduleFree`"),
        ("optimizer: {muon: {scale: matchAdam}}", "`matchAdamW`"), ("schedule: {kind: onecycle}", "`oneCycle`"),
        ("schedule: {kind: warmRestart}", "`warmRestarts`"), ("optimizer: {sharpness: {rho: 1}}", "radius"),
        ("optimizer: {averageAfter: 0.5, ema: {}}", "`optimizer.averageAfter`"),
        ("optimizer: {kind: scheduleFree, averageAfter: 0.5}", "`optimizer.averageAfter`"),
        ("optimizer: {kind: scheduleFree, ema: {}}", "`optimizer.ema`"),
        ("optimizer: {kind: scheduleFree, betas: [0, 0.9]}", "`optimizer.betas`"),
        ("schedule: {oneCycle: {threePhase: true, rise: 0.6}}", "`schedule.oneCycle.rise`"),
    ])
    func mistakesNameWhatIsNearest(_ text: String, _ part: String) {
        let error = #expect(throws: ConfigurationError.self) { _ = try read(text) }
        let message = error.map { String(describing: $0) } ?? ""
        #expect(message.contains(part), "\(part) in: \(message)")
    }

    @Test func emptyAverageSectionTurnsTheAverageOn() throws {
        #expect(try read("optimizer: { ema: {} }").0.ema == OptimizerConfiguration.Averaging())
    }

    @Test func problemsAreReportedTogether() {
        let error = #expect(throws: ConfigurationError.self) {
            _ = try read(
                """
                optimizer:
                  kind: sgd
                  momentum: 0
                  nesterov: true
                  betas: [0.9]
                  learningrate: 1
                schedule:
                  kind: cosin
                """)
        }
        let text = error.map { String(describing: $0) } ?? ""
        for part in ["`optimizer.nesterov`", "`optimizer.betas`", "`learningRate`", "`schedule.kind`"] {
            #expect(text.contains(part), "\(part) in: \(text)")
        }
    }

    @Test func sectionMakesItsOptimizer() {
        let groups = ParameterGroups(sampleList(), weightDecay: 0.05)
        var configuration = OptimizerConfiguration()
        configuration.betas = [0.8, 0.95]
        configuration.epsilon = 1e-6
        let adamW = configuration.makeOptimizer(Float.self, groups: groups) as? AdamW<Float>
        #expect(adamW?.beta1 == 0.8 && adamW?.beta2 == 0.95 && adamW?.epsilon == 1e-6)
        configuration.kind = .sgd
        configuration.nesterov = true
        let sgd = configuration.makeOptimizer(Double.self, groups: groups) as? SGD<Double>
        #expect(sgd?.momentum == 0.9 && sgd?.nesterov == true)
    }
}
