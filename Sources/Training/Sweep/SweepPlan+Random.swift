import Tasks
import Tensors

extension SweepPlan {
    /// Random draws instead of the whole grid; the first draws are the same however many there are.
    /// - Parameters:
    ///   - texts: `key=value,value,...`, or `key=low..high` and `key=low..high:log` for ranges of numbers; with
    ///     ` if other=value` a key is drawn only where another has that value.
    ///   - draws: how many runs; each is another one.
    ///   - seed: of the draws.
    /// - Throws: `RecipeError` as the full plan does, and when there are not so many combinations.
    package init(_ texts: [String], draws: Int, seed: UInt64) throws {
        let keys = try SweepKey.all(texts)
        guard (1...Self.mostArms).contains(draws) else {
            throw RecipeError("--random is \(draws), expected 1 to \(Self.mostArms)")
        }
        var combinations: [[String]] = []
        var known: Set<[String]> = []
        // So many draws in a row that bring nothing new mean that all combinations are there.
        var attempt = 0
        var failures = 0
        while combinations.count < draws, failures < 1000 + 20 * draws {
            var values: [String] = []
            for (index, key) in keys.enumerated() {
                var random = Random(seed: seed, purpose: "sweep." + key.name, attempt, index)
                values.append(key.alternative(values, keys)?.draw(&random) ?? "")
            }
            attempt += 1
            if known.insert(values).inserted {
                combinations.append(values)
                failures = 0
            } else {
                failures += 1
            }
        }
        guard combinations.count == draws else {
            throw RecipeError(
                "--random \(draws): --vary has \(combinations.count) combinations only, give more values or fewer draws"
            )
        }
        let variations = keys.enumerated().map { index, key in
            Variation(
                key: key.name,
                values: key.alternatives.allSatisfy { $0.range == nil }
                    ? key.listed : combinations.map { $0[index] }.filter { !$0.isEmpty })
        }
        self.init(variations: variations, arms: try Self.arms(keys.map(\.name), combinations))
    }
}

extension SweepKey.Said {
    fileprivate func draw(_ random: inout Random) -> String {
        range?.draw(&random) ?? values[random.integer(below: values.count)]
    }
}
