import Reporting

/// Words for a shell's command line.
package enum ShellWord {
    /// A word as a shell reads it back. Characters that would steer a terminal or break the line stand as escapes, in the
    /// form that bash, zsh and ksh know.
    package static func quoted(_ word: String) -> String {
        let isPlain =
            !word.isEmpty && word.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "./=_-,:+@%".contains($0)) }
        if isPlain { return word }
        guard word.unicodeScalars.contains(where: needsEscape) else {
            return "'" + word.replacing("'", with: "'\\''") + "'"
        }
        var result = "$'"
        for scalar in word.unicodeScalars {
            switch scalar {
            case "'": result += "\\'"
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            case _ where needsEscape(scalar):
                for byte in String(scalar).utf8 {
                    // Three octal digits: a hexadecimal escape may go on into the letters that follow.
                    let digits = String(byte, radix: 8)
                    result += "\\" + String(repeating: "0", count: 3 - digits.count) + digits
                }
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "'"
    }

    private static func needsEscape(_ scalar: Unicode.Scalar) -> Bool {
        TextWidth.isSteering(scalar) || scalar == "\u{2028}" || scalar == "\u{2029}"
    }
}
