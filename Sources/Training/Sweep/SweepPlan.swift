import Tasks

/// The arms of a sweep: every combination of the values of some keys, or random draws of them.
package struct SweepPlan: Sendable {
    /// A key and the values that it takes in turn, as they stand after `--vary`, or that were drawn from a range.
    package struct Variation: Sendable, Equatable {
        package let key: String
        package let values: [String]
    }

    package struct Arm: Sendable, Equatable {
        /// One value for each variation, in the order of the plan; empty where its condition does not hold.
        package let values: [String]
        /// `key=value` for each variation that has one.
        package let overrides: [String]
        /// The name of the arm's folder.
        package let folder: String

        /// What people call it.
        var name: String { overrides.isEmpty ? "the run" : overrides.joined(separator: " ") }
    }

    package let variations: [Variation]
    /// In a full plan the last variation changes fastest.
    package let arms: [Arm]

    /// More runs than this are a slip, such as a range that was meant as a list.
    package static let mostArms = 10_000

    init(variations: [Variation], arms: [Arm]) { (self.variations, self.arms) = (variations, arms) }

    /// - Parameter texts: `key=value,value,...`, perhaps with ` if other=value,value` behind it; commas within quotes and
    ///   brackets belong to a value.
    /// - Throws: `RecipeError` for a text that says no values, a key or a value that is said twice, a condition that cannot
    ///   hold, and too many arms.
    package init(_ texts: [String]) throws {
        let keys = try SweepKey.all(texts)
        if let said = keys.flatMap(\.alternatives).first(where: { $0.range != nil }) {
            throw RecipeError(
                "--vary \(said.text): a range goes with --random N, expected `--vary \(said.key)=value,value,...`")
        }
        var combinations: [[String]] = [[]]
        for key in keys {
            func values(_ start: [String]) -> [String] { key.alternative(start, keys)?.values ?? [""] }
            // Counted first, so that what is refused takes no memory.
            guard combinations.reduce(0, { $0 + values($1).count }) <= Self.mostArms else {
                throw RecipeError("--vary asks for more than \(Self.mostArms) runs, give fewer values")
            }
            combinations = combinations.flatMap { start in values(start).map { start + [$0] } }
        }
        variations = keys.map { Variation(key: $0.name, values: $0.listed) }
        arms = try Self.arms(keys.map(\.name), combinations)
    }

    static func arms(_ keys: [String], _ combinations: [[String]]) throws -> [Arm] {
        let arms = combinations.map { values in
            let overrides = zip(keys, values).filter { !$0.1.isEmpty }.map { "\($0)=\($1)" }
            return Arm(
                values: values, overrides: overrides, folder: overrides.map(Self.fileName).joined(separator: ","))
        }
        var folders: [String: Arm] = [:]
        for arm in arms {
            if let other = folders.updateValue(arm, forKey: arm.folder.lowercased()) {
                let names = [arm, other].map { $0.overrides.joined(separator: " ") }
                throw RecipeError(
                    "\(names[0]) and \(names[1]) would share the folder \(arm.folder), choose values that differ in "
                        + "letters or digits")
            }
        }
        return arms
    }

    private static func fileName(_ text: String) -> String {
        String(text.map { $0.isASCII && ($0.isLetter || $0.isNumber || "._=+-".contains($0)) ? $0 : "_" })
    }
}
