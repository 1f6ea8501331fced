import Configuration
import Distillation
import Testing

@Suite struct StageConfigurationTests {
    private func read(_ text: String) throws -> StageSchedule {
        try ConfigurationDocument.parse(text: text, name: "test.yaml").read { StageSchedule($0) }
    }

    @Test func defaultsHoldWhereNothingIsSaid() throws {
        let schedule = try read("stage:\n")
        #expect(schedule.common == StageConfiguration())
        #expect(schedule.stage(for: "anyone") == StageConfiguration())
    }

    @Test func wordsWithHyphensAreStillReadAndNamesStay() throws {
        let old = try read("stage: {balance: first-steps, losses: [{kind: fgd-global}]}\n")
        let new = try read("stage: {balance: firstSteps, losses: [{kind: fgdGlobal}]}\n")
        #expect(old == new && new.common.balance == .firstSteps && new.common.losses[0].kind == .fgdGlobal)
        // Of parameters in saved states and of keys in logs.
        #expect(LossKind.allCases.suffix(3).map(\.name) == ["fgd-global", "fgd-attention", "fgd-feature"])
    }

    @Test func everyKeyIsRead() throws {
        let schedule = try read(
            """
            stage:
              epochs: 12
              crossEntropyWeight: 0.1
              temperature: 2
              balance: gradientNorm
              balanceRatio: 0.5
              balanceSteps: 20
              restartSchedule: false
              resetOptimizer: false
              resetAdapters: false
              resetStatistics: true
              pairs:
                - { student: s1, teacher: t1 }
              losses:
                - { kind: kd, weight: 0.9, warmupEpochs: 2, stopEpoch: 10 }
                - { kind: dkd, temperature: 8, alpha: 2, beta: 3 }
                - { kind: dist }
                - { kind: mgd, mask: spatial }
                - { kind: mgd }
                - { kind: pkd, levels: last }
            stages:
              - teacher: big
                epochs: 3
              - teacher: odd
                losses: [{ kind: at }]
                temperature: 1
            """)
        let common = schedule.common
        #expect(common.epochs == 12 && common.crossEntropyWeight == 0.1 && common.temperature == 2)
        #expect(common.balance == .gradientNorm && common.balanceRatio == 0.5 && common.balanceSteps == 20)
        #expect(!common.restartSchedule && !common.resetOptimizer && !common.resetAdapters && common.resetStatistics)
        #expect(common.pairs == [.init(student: "s1", teacher: "t1")])
        #expect(common.losses.map(\.kind) == [.kd, .dkd, .dist, .mgd, .mgd, .pkd])
        #expect(common.losses.prefix(3).map(\.temperature) == [2, 8, 2])
        let kd = common.losses[0]
        #expect(kd.weight == 0.9 && kd.warmupEpochs == 2 && kd.stopEpoch == 10)
        #expect(common.losses[1].alpha == 2 && common.losses[1].beta == 3)
        let (spatial, channel) = (common.losses[3], common.losses[4])
        #expect(spatial.mask == .spatial && spatial.maskRatio == 0.65 && spatial.weight == 2e-5)
        #expect(
            channel.mask == .channel && channel.maskRatio == 0.15 && channel.weight == 7e-5 && channel.levels == .last)
        #expect(common.losses[5].levels == .last && common.losses[5].weight == 6)
        #expect(schedule.stage(for: "big").epochs == 3 && schedule.stage(for: "big").losses == common.losses)
        #expect(
            schedule.stage(for: "odd").losses == [LossConfiguration(.at)] && schedule.stage(for: "odd").epochs == 12)
        try schedule.check(pool: ["big", "odd"])
        let error = #expect(throws: DistillationError.self) { try schedule.check(pool: ["bigg", "odd"]) }
        #expect(error?.description.contains("did you mean `bigg`?") == true)
    }

    @Test func constantsOfDetectorsAreRead() throws {
        let losses = try read(
            """
            stage:
              losses:
                - { kind: fgd }
                - { kind: fgd, preset: anchorFree, temperature: 0.8 }
                - { kind: fgd, preset: twoStage, gamma: 0.001, fgdReference: true, weight: 2 }
                - { kind: mgd, preset: anchor }
                - { kind: mgd, preset: twoStage }
                - { kind: mgd, preset: twoStage, maskRatio: 0.3, weight: 0.1, levels: last }
                - { kind: headKD, temperature: 2 }
                - { kind: boxKD, distance: smoothL1, threshold: 0.5, weight: 3 }
            """
        ).common.losses
        let rules = losses.prefix(3).map(\.focalGlobal)
        #expect(rules.map(\.alpha) == [1e-3, 1.6e-3, 5e-5] && rules.map(\.beta) == [5e-4, 8e-4, 2.5e-5])
        #expect(rules.map(\.gamma) == [5e-4, 8e-4, 1e-3] && rules.map(\.lambda) == [5e-6, 8e-6, 5e-7])
        #expect(rules.map(\.followsReference) == [false, false, true])
        #expect(losses.prefix(3).map(\.temperature) == [0.5, 0.8, 0.5] && losses.prefix(3).map(\.weight) == [1, 1, 2])
        #expect(losses[0] == LossConfiguration(.fgd))
        let generations = losses[3...5]
        #expect(generations.map(\.weight) == [2e-5, 5e-7, 0.1] && generations.map(\.maskRatio) == [0.65, 0.45, 0.3])
        #expect(generations.allSatisfy { $0.mask == .spatial } && generations.map(\.levels) == [.all, .all, .last])
        #expect(losses[6].temperature == 2 && losses[6].head == HeadLossRule())
        #expect(losses[7].head == HeadLossRule(threshold: 0.5, distance: .smoothL1) && losses[7].weight == 3)
    }

    @Test func problemsAreReportedTogether() {
        let error = #expect(throws: ConfigurationError.self) {
            _ = try read(
                """
                stage:
                  losses:
                    - { kind: kdd }
                    - { kind: at, temperature: 4 }
                    - { weight: 1 }
                  balance: firststeps
                stages:
                  - { teacher: a, crossEntropyWeight: 0, losses: [] }
                  - { teacher: a }
                  - { epochs: 3 }
                """)
        }
        let text = error?.description ?? ""
        for part in [
            "`stage.losses[0].kind` is `kdd`", "unknown key `temperature`", "missing `stage.losses[2].kind`",
            "`stage.balance`", "expected at least one loss", "two entries", "missing `stages[2].teacher`",
        ] { #expect(text.contains(part), "\(part) in: \(text)") }
    }
}
