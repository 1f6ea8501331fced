import Foundation

/// Letters of five by eight dots, the last line for what hangs below, so that pictures can name what they show.
enum PixelFont {
    static let height = 8
    /// From one letter to the next, in dots.
    static let advance = 6

    /// What of a text can be written: accents are left off, other letters become question marks.
    static func letters(_ text: String) -> [Character] {
        text.decomposedStringWithCanonicalMapping.unicodeScalars.compactMap { scalar -> Character? in
            switch scalar.properties.generalCategory {
            case .nonspacingMark, .enclosingMark, .format, .control: nil
            default: dots[Character(scalar)] == nil ? "?" : Character(scalar)
            }
        }
    }

    /// [line][column]: whether there is a dot.
    static func rows(_ letter: Character) -> [[Bool]] {
        let bits = dots[letter] ?? 0
        return (0..<8).map { line in (0..<5).map { bits >> UInt64(39 - 5 * line - $0) & 1 == 1 } }
    }

    /// Five bits for each of the eight lines, the upper left dot first.
    private static let dots: [Character: UInt64] = [
        "A": 0x7463F8C620, "B": 0xF47D18C7C0, "C": 0x7C210841E0, "D": 0xF46318C7C0, "E": 0xFC21E843E0,
        "F": 0xFC21E84200, "G": 0x7C2138C5E0, "H": 0x8C63F8C620, "I": 0x71084211C0, "J": 0x184210C5C0,
        "K": 0x8CA98A4A20, "L": 0x84210843E0, "M": 0x8EEB58C620, "N": 0x8E7359CE20, "O": 0x746318C5C0,
        "P": 0xF463E84200, "Q": 0x74631AC9A0, "R": 0xF463EA4A20, "S": 0x7C20E087C0, "T": 0xF908421080,
        "U": 0x8C6318C5C0, "V": 0x8C63152880, "W": 0x8C635AEE20, "X": 0x8A94452A20, "Y": 0x8C54A21080,
        "Z": 0xF8444443E0, "a": 0x001C17C5E0, "b": 0x843D18C7C0, "c": 0x001F0841E0, "d": 0x085F18C5E0,
        "e": 0x001D1FC1E0, "f": 0x323C842100, "g": 0x001F18BC2E, "h": 0x843D18C620, "i": 0x20184211C0,
        "j": 0x100C21084C, "k": 0x84254C5240, "l": 0x6108421040, "m": 0x00355AD6A0, "n": 0x003D18C620,
        "o": 0x001D18C5C0, "p": 0x003D18FA10, "q": 0x001F18BC21, "r": 0x002D884200, "s": 0x001F0707C0,
        "t": 0x423C8420C0, "u": 0x002318C5E0, "v": 0x0023152880, "w": 0x00235AD540, "x": 0x0022A22A20,
        "y": 0x002318BC2E, "z": 0x003E2223E0, "0": 0x74675CC5C0, "1": 0x23084211C0, "2": 0x74422223E0,
        "3": 0xF042E087C0, "4": 0x94A5F10840, "5": 0xFC3C1087C0, "6": 0x7421E8C5C0, "7": 0xF844221080,
        "8": 0x7462E8C5C0, "9": 0x7462F085C0, " ": 0x0000000000, ".": 0x0000001080, ",": 0x0000001088,
        "-": 0x0001F00000, "_": 0x00000003E0, "+": 0x0109F21000, "=": 0x003E0F8000, "/": 0x0884442200,
        ":": 0x0108021000, "'": 0x2100000000, "(": 0x1108421040, ")": 0x4108421100, "&": 0x64A88AC9A0,
        "%": 0xCE44444E60, "#": 0x52BEAFA940, "*": 0x055DF75400, "!": 0x2108420080, "?": 0x7442620080,
    ]
}
