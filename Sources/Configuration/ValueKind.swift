/// One type of scalar: its words for messages, its parser and its canonical form.
struct ValueKind<Value> {
    /// With its article: `a whole number`.
    var noun: String
    var plural: String
    /// Follows the noun: ` from 1 to 10`, or empty.
    var constraint = ""
    var choices: [String] = []
    var type: ConfigurationEntry.ValueType
    /// Words that stand for a valid one elsewhere, such as `yes` for `true`.
    var synonyms: [String: String] = [:]
    /// Read in place of a required value that is missing or wrong.
    var harmless: Value
    /// Gives nil for text that is no such value or out of its range.
    var parse: (_ text: String, _ plain: Bool) -> Value?
    var format: (Value) -> String
    /// What stands for a valid word that is an old one; nil for others.
    var newSpelling: (_ text: String) -> String? = { _ in nil }
    /// Why a text is no such value, where there is more to say than what is expected.
    var reason: (_ text: String) -> String? = { _ in nil }
    /// Whether a default obeys the constraint.
    var accepts: (Value) -> Bool = { _ in true }

    var expected: String { noun + constraint }

    /// `, did you mean ...?` for a wrong text.
    func hint(_ node: LocatedNode) -> String {
        guard case .scalar(let text, _) = node.value else { return "" }
        if let reason = reason(text) { return ", \(reason)" }
        if let word = synonyms[text.lowercased()] { return ", did you mean \(quoted(word))?" }
        return suggestion(text, in: choices)
    }
}

extension ValueKind<String> {
    static func string(_ noun: String = "a string", plural: String = "strings", isPath: Bool = false) -> Self {
        ValueKind(
            noun: noun, plural: plural, type: .init(isPath ? .path : .text), harmless: "",
            parse: { text, plain in
                // A number is a fine name (`name: 7`), but true or null under a text's key is a slip.
                if plain, ScalarText.bool(text) != nil { return nil }
                return isPath ? Paths.expanded(text) : text
            },
            format: ScalarText.yaml,
            reason: { text in
                guard isPath, let variable = Paths.missingVariable(text) else { return nil }
                return variable.hasSuffix("}")
                    ? "the environment has no variable \(variable)" : "the brace of \(variable) is never closed"
            })
    }
}

extension ValueKind<Int> {
    static func int(_ range: ClosedRange<Int>) -> Self {
        ValueKind(
            noun: "a whole number", plural: "whole numbers",
            constraint: constraintText(
                lower: range.lowerBound == .min ? nil : " \(range.lowerBound)",
                upper: range.upperBound == .max ? nil : " \(range.upperBound)"),
            type: .integers(range), harmless: range.lowerBound == .min ? 0 : range.lowerBound,
            parse: { text, plain in plain ? ScalarText.int(text).flatMap { range.contains($0) ? $0 : nil } : nil },
            format: { String($0) }, accepts: range.contains)
    }
}

extension ValueKind<Double> {
    static func double(_ range: ClosedRange<Double>) -> Self {
        ValueKind(
            noun: "a number", plural: "numbers", constraint: constraint(range),
            type: .numbers(range), harmless: range.contains(0) ? 0 : range.lowerBound,
            parse: { text, plain in plain ? ScalarText.double(text).flatMap { range.contains($0) ? $0 : nil } : nil },
            format: ScalarText.yaml, accepts: range.contains)
    }

    /// A bound next to a whole number, as `Double.leastNonzeroMagnitude` is, is said as `above` or `below` it.
    private static func constraint(_ range: ClosedRange<Double>) -> String {
        let lower = range.lowerBound
        let upper = range.upperBound
        let isAbove = range.excludesWholeBelow
        let isBelow = range.excludesWholeAbove
        let lowerText = isAbove ? ScalarText.short(lower.nextDown) : ScalarText.short(lower)
        let upperText = isBelow ? ScalarText.short(upper.nextUp) : ScalarText.short(upper)
        let isUnboundedBelow = lower <= -.greatestFiniteMagnitude
        let isUnboundedAbove = upper >= .greatestFiniteMagnitude
        if isAbove || isBelow {
            var parts: [String] = []
            if !isUnboundedBelow { parts.append((isAbove ? "above " : "of at least ") + lowerText) }
            if !isUnboundedAbove {
                parts.append((isBelow ? "below " : parts.isEmpty ? "of at most " : "at most ") + upperText)
            }
            return " " + parts.joined(separator: " and ")
        }
        return constraintText(
            lower: isUnboundedBelow ? nil : " " + lowerText, upper: isUnboundedAbove ? nil : " " + upperText)
    }
}

extension ValueKind<Bool> {
    static var bool: Self {
        ValueKind(
            noun: "true or false", plural: "true or false", type: .init(.boolean),
            synonyms: ["yes": "true", "on": "true", "1": "true", "no": "false", "off": "false", "0": "false"],
            harmless: false,
            parse: { text, plain in plain ? ScalarText.bool(text) : nil },
            format: { $0 ? "true" : "false" })
    }
}

extension ValueKind where Value: CaseIterable & RawRepresentable, Value.RawValue == String {
    static func choice(harmless: Value) -> Self {
        let words = Value.allCases.map(\.rawValue)
        let old = (Value.self as? any OldSpellings.Type)?.newWords ?? [:]
        return ValueKind(
            noun: "one of " + listing(words), plural: "words out of " + listing(words), choices: words,
            type: .init(.choice), harmless: harmless, parse: { text, _ in Value(rawValue: old[text] ?? text) },
            format: { ScalarText.yaml($0.rawValue) }, newSpelling: { old[$0] })
    }
}

extension ClosedRange<Double> {
    /// Whether the lower bound is next to a whole number, which is left out that way.
    fileprivate var excludesWholeBelow: Bool {
        lowerBound != lowerBound.rounded() && lowerBound.nextDown == lowerBound.nextDown.rounded()
    }

    fileprivate var excludesWholeAbove: Bool {
        upperBound != upperBound.rounded() && upperBound.nextUp == upperBound.nextUp.rounded()
    }
}

extension ConfigurationEntry.ValueType {
    static func integers(_ range: ClosedRange<Int>) -> Self {
        var type = Self(.integer)
        type.minimum = range.lowerBound == .min ? nil : Double(range.lowerBound)
        type.maximum = range.upperBound == .max ? nil : Double(range.upperBound)
        return type
    }

    static func numbers(_ range: ClosedRange<Double>) -> Self {
        var type = Self(.number)
        (type.excludesMinimum, type.excludesMaximum) = (range.excludesWholeBelow, range.excludesWholeAbove)
        if range.lowerBound > -.greatestFiniteMagnitude {
            type.minimum = type.excludesMinimum ? range.lowerBound.nextDown : range.lowerBound
        }
        if range.upperBound < .greatestFiniteMagnitude {
            type.maximum = type.excludesMaximum ? range.upperBound.nextUp : range.upperBound
        }
        return type
    }
}

/// ` from 1 to 10`, ` of at least 1`, ` of at most 10`, or nothing.
func constraintText(lower: String?, upper: String?) -> String {
    switch (lower, upper) {
    case (let lower?, let upper?): lower == upper ? " equal to\(lower)" : " from\(lower) to\(upper)"
    case (let lower?, nil): " of at least\(lower)"
    case (nil, let upper?): " of at most\(upper)"
    case (nil, nil): ""
    }
}
