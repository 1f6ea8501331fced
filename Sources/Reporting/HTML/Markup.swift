/// Text that is HTML or SVG already.
///
/// Whatever a literal interpolates is escaped unless it is markup itself, so that a class or a file of any name is shown
/// and never obeyed.
package struct Markup: ExpressibleByStringInterpolation, Sendable, Equatable {
    package private(set) var text: String

    package init(stringLiteral text: String) { self.text = text }

    /// Takes over text that is markup: only for what this module wrote itself.
    init(raw text: String) { self.text = text }

    package init(stringInterpolation: StringInterpolation) { text = stringInterpolation.text }

    package struct StringInterpolation: StringInterpolationProtocol {
        var text = ""

        package init(literalCapacity: Int, interpolationCount: Int) { text.reserveCapacity(literalCapacity) }
        package mutating func appendLiteral(_ literal: String) { text += literal }
        package mutating func appendInterpolation(_ value: String) { text += Markup.escaped(value) }
        package mutating func appendInterpolation(_ value: Substring) { text += Markup.escaped(String(value)) }
        package mutating func appendInterpolation(_ value: Int) { text += String(value) }
        package mutating func appendInterpolation(_ value: Markup) { text += value.text }
        package mutating func appendInterpolation(_ values: [Markup]) { for value in values { text += value.text } }
        /// A coordinate with one decimal.
        package mutating func appendInterpolation(_ value: Double) { text += NumberText.fixed(value, decimals: 1) }
    }

    static func + (a: Markup, b: Markup) -> Markup { Markup(raw: a.text + b.text) }

    /// Text for any place in a page: within elements and within quoted attributes.
    static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in TextWidth.singleLine(text).unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
