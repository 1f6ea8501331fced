import Reporting
import Testing

@Suite struct KeyImportanceTests {
    /// y = 3 a + b, plus a little: a has nine times the variance of b.
    private let runs: [(values: [String], result: Double)] = (0..<36).map { index in
        let (a, b) = (Double(index % 3), Double(index / 3 % 3))
        return (["\(Int(a))", "\(Int(b))", "\(index)"], 3 * a + b + 0.01 * Double(index * 7 % 5))
    }

    @Test func sharesAreThoseOfTheVariance() throws {
        let found = KeyImportance.all(["a", "b", "noise"], runs)
        #expect(found.map(\.key) == ["a", "b", "noise"])
        // Of the variance a has 0.9 and b 0.1, from which goes what is left over times two degrees of freedom in 33.
        #expect(
            abs(found[0].share - (0.9 - 0.1 * 2 / 33)) < 0.005 && abs(found[1].share - (0.1 - 0.9 * 2 / 33)) < 0.005)
        #expect(found[2].share < 0.005)
        #expect(found[0].levels.map(\.name) == ["0", "1", "2"] && found[0].levels.map(\.runs) == [12, 12, 12])
        // By hand: the mean of b is 1, that of the remainder 0.02 within a few thousandths.
        #expect(abs(found[0].levels[2].mean - 7.02) < 0.005)
    }

    @Test func seedsAndFoldsAreChance() {
        #expect(KeyImportance.all(["run.seed", "data.fold", "noise"], runs).map(\.key) == ["noise"])
    }

    @Test func epsilonSquaredTakesOffWhatChanceGives() throws {
        // Two groups of three: between 1.5, total 5.5, chance (5.5 - 1.5) / 4, so (1.5 - 1) / 5.5.
        let runs = [("x", 0.0), ("x", 1), ("x", 2), ("y", 1), ("y", 2), ("y", 3)].map { (values: [$0.0], result: $0.1) }
        #expect(abs(try #require(KeyImportance.all(["k"], runs).first).share - 0.5 / 5.5) < 1e-12)
        let level = runs.map { (values: $0.values, result: Double($0.values[0] == "x" ? $0.result : $0.result - 1)) }
        #expect(KeyImportance.all(["k"], level).first?.share == 0)
    }

    @Test func manyNumbersBecomeRangesAndWordsDoNot() throws {
        let runs = (0..<16).map { (values: ["\($0 * 10)", "word \($0)"], result: Double($0 / 4)) }
        let found = KeyImportance.all(["n", "w"], runs)
        #expect(found.map(\.key) == ["n"])
        #expect(found[0].levels.map(\.name) == ["0 to 30", "40 to 70", "80 to 110", "120 to 150"])
        #expect(found[0].share == 1)
    }

    @Test func runsWithoutTheKeyDoNotCountAndFewSayNothing() {
        let runs = (0..<12).map { (run: Int) -> (values: [String], result: Double) in
            (values: [run % 2 == 0 ? "\(run % 4)" : ""], result: Double(run % 4))
        }
        #expect(KeyImportance.all(["k"], runs).first?.levels.map(\.runs) == [3, 3])
        #expect(KeyImportance.all(["k"], Array(runs.prefix(8))).isEmpty)
        #expect(KeyImportance.all(["k"], runs.map { (values: $0.values, result: 1) }).isEmpty)
    }
}
