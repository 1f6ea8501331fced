import JSON

extension JSONValue {
    /// A measured number with seven significant digits, about what single precision holds.
    package static func measured(_ value: Double) -> JSONValue {
        value == 0 || !value.isFinite
            ? .number(value) : .number(Double(NumberText.scientific(value, decimals: 6)) ?? value)
    }

    /// A number with so many decimals.
    package static func rounded(_ value: Double, decimals: Int) -> JSONValue {
        .number(Double(NumberText.fixed(value, decimals: decimals)) ?? value)
    }

    /// The number, or null where there is none.
    package static func optional(_ value: Double?) -> JSONValue { value.map { .number($0) } ?? .null }
}
