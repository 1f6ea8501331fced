import Tasks

/// The arms of a sweep: every combination of the values of some keys, or random draws of them.
package struct SweepPlan: Sendable {
    /// A key and the values that it takes in turn, as they stand after `--vary`, or that were drawn from a range.
    package struct Variation: Sendable, Equatable {
        package let key: String
        package let values: [String]
    }

    package struct Arm: Sendable, Equatable {
        /// One value for each variation, in the order of the plan.
        package let values: [String]
        /// `key=value` for each variation.
        package let overrides: [String]
        /// The name of the arm's folder.
        package let folder: String
    }

    package let variations: [Variation]
    /// In a full plan the last variation changes fastest.
    package let arms: [Arm]

    /// More runs than this are a slip, such as a range that was meant as a list.
    package static let mostArms = 10_000

    init(variations: [Variation], arms: [Arm]) { (self.variations, self.arms) = (variations, arms) }

    /// - Parameter texts: `key=value,value,...`; commas within quotes and brackets belong to a value.
    /// - Throws: `RecipeError` for a text that says no values, a key or a value that is said twice, and too many arms.
    package init(_ texts: [String]) throws {
        let said = try Self.said(texts)
        if let range = said.first(where: { $0.range != nil }) {
            throw RecipeError(
                "--vary \(range.text): a range goes with --random N, expected `--vary \(range.key)=value,value,...`")
        }
        variations = said.map { Variation(key: $0.key, values: $0.values) }
        var count = 1
        for variation in variations {
            let (product, isOver) = count.multipliedReportingOverflow(by: variation.values.count)
            guard !isOver, product <= Self.mostArms else {
                throw RecipeError("--vary asks for more than \(Self.mostArms) runs, give fewer values")
            }
            count = product
        }
        var combinations: [[String]] = [[]]
        for variation in variations {
            combinations = combinations.flatMap { start in variation.values.map { start + [$0] } }
        }
        arms = try Self.arms(variations.map(\.key), combinations)
    }

    static func arms(_ keys: [String], _ combinations: [[String]]) throws -> [Arm] {
        let arms = combinations.map { values in
            let overrides = zip(keys, values).map { "\($0)=\($1)" }
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

    /// What one `--vary` says.
    struct Said {
        let text: String
        let key: String
        let values: [String]
        /// In place of values.
        let range: SweepRange?
    }

    static func said(_ texts: [String]) throws -> [Said] {
        let said = try texts.map(Self.variation)
        for (index, variation) in said.enumerated()
        where said[..<index].contains(where: { $0.key == variation.key }) {
            throw RecipeError("--vary names \(variation.key) twice, give all its values at once")
        }
        return said
    }

    private static func variation(_ text: String) throws -> Said {
        guard let equals = text.firstIndex(of: "=") else {
            throw RecipeError("--vary \(text): found no `=`, expected `--vary section.key=value,value,...`")
        }
        let key = text[..<equals].trimmed
        let values = list(text[text.index(after: equals)...])
        guard !key.isEmpty, !values.contains("") else {
            throw RecipeError(
                "--vary \(text): found an empty \(key.isEmpty ? "key" : "value"), expected "
                    + "`--vary section.key=value,value`")
        }
        if values.count == 1, let range = try SweepRange(values[0], of: text) {
            return Said(text: text, key: key, values: [], range: range)
        }
        for (index, value) in values.enumerated() where values[..<index].contains(value) {
            throw RecipeError("--vary \(text): the value \(value) stands there twice")
        }
        return Said(text: text, key: key, values: values, range: nil)
    }

    /// Cuts at commas outside of quotes and brackets.
    private static func list(_ text: Substring) -> [String] {
        var parts: [Substring] = []
        var depth = 0
        var quote: Character?
        var start = text.startIndex
        for index in text.indices {
            let character = text[index]
            if let open = quote {
                if character == open { quote = nil }
            } else if character == "\"" || character == "'" {
                quote = character
            } else if "[{".contains(character) {
                depth += 1
            } else if "]}".contains(character) {
                depth -= 1
            } else if character == ",", depth == 0 {
                parts.append(text[start..<index])
                start = text.index(after: index)
            }
        }
        return (parts + [text[start...]]).map(\.trimmed)
    }

    private static func fileName(_ text: String) -> String {
        String(text.map { $0.isASCII && ($0.isLetter || $0.isNumber || "._=+-".contains($0)) ? $0 : "_" })
    }
}

extension Substring {
    /// Without spaces at the ends.
    fileprivate var trimmed: String {
        String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}
