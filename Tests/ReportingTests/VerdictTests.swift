import Reporting
import Testing

@Suite struct VerdictTests {
    private func candidate(_ name: String, _ values: [Double], _ images: Int? = 360) -> Verdict.Candidate {
        Verdict.Candidate(name: name, values: values, images: images)
    }

    @Test func aLeadWithinTheErrorIsNoWin() {
        let verdict = Verdict([candidate("B", [0.980]), candidate("A", [0.983])])
        #expect(verdict.winner == nil && verdict.highest == 1)
        #expect(verdict.sentence() == "By validation A leads B by 0.3 points, within the error of ±0.7; no winner.")
    }

    @Test func aLeadBeyondTheErrorIsAWin() {
        let verdict = Verdict([candidate("B", [0.90]), candidate("A", [0.95])])
        #expect(verdict.winner == 1)
        #expect(
            verdict.sentence { "*\($0)*" }
                == "*A* does best by validation: *95.00%*; it leads *B* by 5.0 points, beyond the error of ±1.6.")
    }

    @Test func seedsWidenTheError() {
        // Ten thousand images leave an error of 0.2 points; the seeds of A spread over 2.
        let close = [candidate("A", [0.95, 0.97, 0.99], 10_000), candidate("B", [0.962, 0.963, 0.964], 10_000)]
        #expect(Verdict(close).winner == nil)
        let clear = [candidate("A", [0.969, 0.970, 0.971], 10_000), candidate("B", [0.962, 0.963, 0.964], 10_000)]
        #expect(Verdict(clear).winner == 0)
        // One seed of B spreads as those of A are seen to.
        #expect(Verdict([close[0], candidate("B", [0.963], 10_000)]).winner == nil)
        #expect(Verdict([candidate("A", [0.97], 10_000), candidate("B", [0.963], 10_000)]).winner == 0)
        #expect(Verdict(clear).sentence().contains("97.00% ± 0.10, mean of 3 seeds"))
    }

    @Test func allRightIsNoCertainty() {
        // One image of 143 apart, where the formula's error is 0.
        let verdict = Verdict([candidate("A", [1], 143), candidate("B", [142.0 / 143], 143)])
        #expect(verdict.winner == nil && verdict.sentence().contains("within the error"))
        #expect(SamplingError.of(1, images: 143) > 0.005)
        #expect(abs(SamplingError.of(0.98, images: 360) - 0.00738) < 1e-5)
    }

    @Test func levelsAndManyCandidatesAreSaid() {
        let level = Verdict([candidate("A", [0.9]), candidate("B", [0.9]), candidate("C", [0.5])])
        #expect(level.sentence() == "By validation A and B are level at 90.00%, with an error of ±1.6; no winner.")
        let three = Verdict([candidate("A", [0.91]), candidate("B", [0.90]), candidate("C", [0.90])])
        #expect(three.sentence().contains("3 candidates are within it, so no winner"))
        // A wide candidate below the second may be as good as the first.
        let wide = Verdict([
            candidate("A", [0.950, 0.951], 100_000), candidate("B", [0.940, 0.941], 100_000),
            candidate("C", [0.85, 1.0], 100_000),
        ])
        #expect(wide.winner == nil && wide.sentence().contains("A leads C"))
    }

    @Test func whatCannotBeComparedHasNoWinner() {
        let candidates = [candidate("A", [0.99]), candidate("B", [0.5])]
        let different = Verdict(candidates, different: ["data.path", "9 and 36 validation images"])
        #expect(different.winner == nil && different.highest == nil)
        #expect(
            different.sentence()
                == "These runs saw different data (data.path; 9 and 36 validation images); no winner.")
        let unknown = Verdict([candidate("A", [0.99], nil), candidate("B", [0.5], nil)])
        #expect(unknown.winner == nil && unknown.sentence().contains("is not known"))
        #expect(Verdict([candidate("A", [])]).sentence().contains("Nothing was measured"))
        #expect(Verdict([candidate("A", [0.9, 0.92])]).sentence().contains("A: 91.00% ± 1.41, mean of 2 seeds"))
    }
}
