/// The types of values, in up to three forms: with a default; `optional...`, nil when absent or null; and `required...`,
/// whose absence is a problem located at the section. What is wrong is a problem as well, and reads as the default.
extension ConfigurationReader {
    /// Text; plain numbers are taken as they are written.
    public func string(_ key: String, default value: String, _ summary: String) -> String {
        scalar(key, .string(), .value(value), summary) ?? value
    }

    /// Text, or nil.
    public func optionalString(_ key: String, _ summary: String) -> String? {
        scalar(key, .string(), .null, summary)
    }

    /// Text that must be given.
    public func requiredString(_ key: String, _ summary: String) -> String {
        scalar(key, .string(), .required, summary) ?? ""
    }

    /// A file or folder, relative to the working directory wherever it is said; a leading `~` is the home folder.
    public func path(_ key: String, default value: String, _ summary: String) -> String {
        scalar(key, .path, .value(Paths.expandingTilde(value)), summary) ?? value
    }

    /// A file or folder, or nil.
    public func optionalPath(_ key: String, _ summary: String) -> String? {
        scalar(key, .path, .null, summary)
    }

    /// A whole number; `1e5` and `100_000` are accepted.
    public func int(
        _ key: String, default value: Int, in range: ClosedRange<Int> = .min ... .max, _ summary: String
    ) -> Int {
        scalar(key, .int(range), .value(value), summary) ?? value
    }

    /// A whole number, or nil.
    public func optionalInt(_ key: String, in range: ClosedRange<Int> = .min ... .max, _ summary: String) -> Int? {
        scalar(key, .int(range), .null, summary)
    }

    /// A number; whole numbers, `1e-3` and fractions such as `1/3` are accepted.
    ///
    /// `Double.leastNonzeroMagnitude` as a lower bound reads "above 0", `1.0.nextDown` as an upper one "below 1".
    public func double(
        _ key: String, default value: Double, in range: ClosedRange<Double> = .finite, _ summary: String
    ) -> Double {
        scalar(key, .double(range), .value(value), summary) ?? value
    }

    /// A number, or nil.
    public func optionalDouble(
        _ key: String, in range: ClosedRange<Double> = .finite, _ summary: String
    ) -> Double? {
        scalar(key, .double(range), .null, summary)
    }

    /// `true` or `false`.
    public func bool(_ key: String, default value: Bool, _ summary: String) -> Bool {
        scalar(key, .bool, .value(value), summary) ?? value
    }

    /// One of the raw values of an enumeration.
    public func choice<E: CaseIterable & RawRepresentable>(
        _ key: String, default value: E, _ summary: String
    ) -> E where E.RawValue == String {
        scalar(key, .choice(harmless: value), .value(value), summary) ?? value
    }

    /// One of the raw values of an enumeration, or nil; `harmless` stands for one that cannot be read.
    public func optionalChoice<E: CaseIterable & RawRepresentable>(
        _ key: String, of type: E.Type, harmless: E, _ summary: String
    ) -> E? where E.RawValue == String {
        scalar(key, .choice(harmless: harmless), .null, summary)
    }

    /// One of the raw values of an enumeration, which must be given; `harmless` is read where it is not.
    public func requiredChoice<E: CaseIterable & RawRepresentable>(
        _ key: String, of type: E.Type, harmless: E, _ summary: String
    ) -> E where E.RawValue == String {
        scalar(key, .choice(harmless: harmless), .required, summary) ?? harmless
    }

    /// One of `words`, for choices that are known only while the program runs.
    public func choice(_ key: String, of words: [String], default value: String, _ summary: String) -> String {
        scalar(key, .words(words), .value(value), summary) ?? value
    }

    /// One of `words`, which must be given.
    public func requiredChoice(_ key: String, of words: [String], _ summary: String) -> String {
        scalar(key, .words(words), .required, summary) ?? words.first ?? ""
    }
}

extension ConfigurationReader {
    /// One word or a list of words.
    public func words(_ key: String, default value: String, _ summary: String) -> [String] {
        if case .list = node(key)?.value { return strings(key, default: [value], count: 1 ... .max, summary) }
        defer { allowList(key) }
        return [string(key, default: value, summary)]
    }
}

/// Lists of values, with the number of entries in `count`.
extension ConfigurationReader {
    /// Whole numbers.
    public func ints(
        _ key: String, default value: [Int], in range: ClosedRange<Int> = .min ... .max,
        count: ClosedRange<Int> = 0 ... .max, _ summary: String
    ) -> [Int] {
        scalars(key, .int(range), count: count, .value(value), summary) ?? value
    }

    /// Whole numbers, or nil.
    public func optionalInts(
        _ key: String, in range: ClosedRange<Int> = .min ... .max, count: ClosedRange<Int> = 0 ... .max,
        _ summary: String
    ) -> [Int]? {
        scalars(key, .int(range), count: count, .null, summary)
    }

    /// Numbers.
    public func doubles(
        _ key: String, default value: [Double], in range: ClosedRange<Double> = .finite,
        count: ClosedRange<Int> = 0 ... .max, _ summary: String
    ) -> [Double] {
        scalars(key, .double(range), count: count, .value(value), summary) ?? value
    }

    /// Numbers, or nil.
    public func optionalDoubles(
        _ key: String, in range: ClosedRange<Double> = .finite, count: ClosedRange<Int> = 0 ... .max,
        _ summary: String
    ) -> [Double]? {
        scalars(key, .double(range), count: count, .null, summary)
    }

    /// Texts.
    public func strings(
        _ key: String, default value: [String], count: ClosedRange<Int> = 0 ... .max, _ summary: String
    ) -> [String] {
        scalars(key, .string(), count: count, .value(value), summary) ?? value
    }

    /// Texts, or nil.
    public func optionalStrings(
        _ key: String, count: ClosedRange<Int> = 0 ... .max, _ summary: String
    ) -> [String]? {
        scalars(key, .string(), count: count, .null, summary)
    }
}

extension ClosedRange<Double> {
    /// Every number but the infinite ones.
    public static var finite: ClosedRange<Double> { -.greatestFiniteMagnitude ... .greatestFiniteMagnitude }
}

extension ValueKind<String> {
    static var path: Self { .string("a path", plural: "paths", isPath: true) }

    static func words(_ words: [String]) -> Self {
        ValueKind(
            noun: "one of " + listing(words), plural: "words out of " + listing(words), choices: words,
            type: .init(.choice), harmless: words.first ?? "", parse: { text, _ in words.contains(text) ? text : nil },
            format: ScalarText.yaml)
    }
}
