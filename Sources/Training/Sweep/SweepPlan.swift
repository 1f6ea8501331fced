/// The arms of a sweep: every combination of the values of some keys.
public struct SweepPlan: Sendable {
    /// A key and the values that it takes in turn, as they stand after `--vary`.
    public struct Variation: Sendable, Equatable {
        public let key: String
        public let values: [String]
    }

    public struct Arm: Sendable, Equatable {
        /// One value for each variation, in the order of the plan.
        public let values: [String]
        /// `key=value` for each variation.
        public let overrides: [String]
        /// The name of the arm's folder.
        public let folder: String
    }

    public let variations: [Variation]
    /// The last variation changes fastest.
    public let arms: [Arm]

    /// More runs than this are a slip, such as a range that was meant as a list.
    public static let mostArms = 10_000

    /// - Parameter texts: `key=value,value,...`; commas within quotes and brackets belong to a value.
    /// - Throws: `RecipeError` for a text that says no values, a key or a value that is said twice, and too many arms.
    public init(_ texts: [String]) throws {
        variations = try texts.map(Self.variation)
        for (index, variation) in variations.enumerated()
        where variations[..<index].contains(where: { $0.key == variation.key }) {
            throw RecipeError("--vary names \(variation.key) twice, give all its values at once")
        }
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
        let keys = variations.map(\.key)
        arms = combinations.map { values in
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
    }

    private static func variation(_ text: String) throws -> Variation {
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
        for (index, value) in values.enumerated() where values[..<index].contains(value) {
            throw RecipeError("--vary \(text): the value \(value) stands there twice")
        }
        return Variation(key: key, values: values)
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
