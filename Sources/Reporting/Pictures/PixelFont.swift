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
        "A": 0x74_63F8_C620, "B": 0xF4_7D18_C7C0, "C": 0x7C_2108_41E0, "D": 0xF4_6318_C7C0, "E": 0xFC_21E8_43E0,
        "F": 0xFC_21E8_4200, "G": 0x7C_2138_C5E0, "H": 0x8C_63F8_C620, "I": 0x71_0842_11C0, "J": 0x18_4210_C5C0,
        "K": 0x8C_A98A_4A20, "L": 0x84_2108_43E0, "M": 0x8E_EB58_C620, "N": 0x8E_7359_CE20, "O": 0x74_6318_C5C0,
        "P": 0xF4_63E8_4200, "Q": 0x74_631A_C9A0, "R": 0xF4_63EA_4A20, "S": 0x7C_20E0_87C0, "T": 0xF9_0842_1080,
        "U": 0x8C_6318_C5C0, "V": 0x8C_6315_2880, "W": 0x8C_635A_EE20, "X": 0x8A_9445_2A20, "Y": 0x8C_54A2_1080,
        "Z": 0xF8_4444_43E0, "a": 0x00_1C17_C5E0, "b": 0x84_3D18_C7C0, "c": 0x00_1F08_41E0, "d": 0x08_5F18_C5E0,
        "e": 0x00_1D1F_C1E0, "f": 0x32_3C84_2100, "g": 0x00_1F18_BC2E, "h": 0x84_3D18_C620, "i": 0x20_1842_11C0,
        "j": 0x10_0C21_084C, "k": 0x84_254C_5240, "l": 0x61_0842_1040, "m": 0x00_355A_D6A0, "n": 0x00_3D18_C620,
        "o": 0x00_1D18_C5C0, "p": 0x00_3D18_FA10, "q": 0x00_1F18_BC21, "r": 0x00_2D88_4200, "s": 0x00_1F07_07C0,
        "t": 0x42_3C84_20C0, "u": 0x00_2318_C5E0, "v": 0x00_2315_2880, "w": 0x00_235A_D540, "x": 0x00_22A2_2A20,
        "y": 0x00_2318_BC2E, "z": 0x00_3E22_23E0, "0": 0x74_675C_C5C0, "1": 0x23_0842_11C0, "2": 0x74_4222_23E0,
        "3": 0xF0_42E0_87C0, "4": 0x94_A5F1_0840, "5": 0xFC_3C10_87C0, "6": 0x74_21E8_C5C0, "7": 0xF8_4422_1080,
        "8": 0x74_62E8_C5C0, "9": 0x74_62F0_85C0, " ": 0x00_0000_0000, ".": 0x00_0000_1080, ",": 0x00_0000_1088,
        "-": 0x00_01F0_0000, "_": 0x00_0000_03E0, "+": 0x01_09F2_1000, "=": 0x00_3E0F_8000, "/": 0x08_8444_2200,
        ":": 0x01_0802_1000, "'": 0x21_0000_0000, "(": 0x11_0842_1040, ")": 0x41_0842_1100, "&": 0x64_A88A_C9A0,
        "%": 0xCE_4444_4E60, "#": 0x52_BEAF_A940, "*": 0x05_5DF7_5400, "!": 0x21_0842_0080, "?": 0x74_4262_0080,
    ]
}
