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
