import Foundation
import JSON
import Tensors
import Testing

/// The scanner of large files reads what the other one reads, and refuses what it refuses.
struct ByteScannerTests {
    private func number(_ text: String) -> Double? {
        Array(text.utf8).withUnsafeBufferPointer { bytes in
            var scanner = JSONByteScanner(bytes)
            guard let value = try? scanner.number(), (try? scanner.expectEnd()) != nil else { return nil }
            return value
        }
    }

    private func slow(_ text: String) -> Double? { (try? JSONValue(parsing: text))?.doubleValue }

    @Test func numbersAreRoundedCorrectly() {
        var random = Random(seed: 1, purpose: "numbers")
        for round in 0..<200_000 {
            let digits = String(
                (0..<1 + random.integer(below: 20)).map { _ in Character("\(random.integer(below: 10))") })
            let point = random.integer(below: digits.count)
            let whole = digits.prefix(point).drop { $0 == "0" }
            var text = (whole.isEmpty ? "0" : String(whole)) + "." + digits.dropFirst(point)
            if round % 3 == 0 { text += "e\(random.integer(below: 60) - 30)" }
            if round % 5 == 0 { text = "-" + text }
            #expect(number(text)?.bitPattern == Double(text)?.bitPattern, "\(text)")
        }
        // Halves between two neighbors, and what programs print for every bit pattern.
        for text in [
            "9007199254740993", "9007199254740993.0", "0.5000000000000000277", "1e22", "1e23", "123456789012345678",
        ] {
            #expect(number(text)?.bitPattern == Double(text)?.bitPattern, "\(text)")
        }
        for _ in 0..<100_000 {
            let value = random.uniform() * Double(1 + random.integer(below: 1000))
            #expect(number("\(value)") == value)
        }
        #expect(number("-0")?.sign == .minus && number("0e5") == 0 && number("1e999") == nil)
    }

    @Test func whatIsNoNumberIsRefusedByBoth() {
        for text in ["", "-", "01", "1.", ".5", "1e", "1e+", "+1", "NaN", "0x1", "1 2", "--1", "Infinity", "1.e3"] {
            #expect(number(text) == nil && slow(text) == nil, "\(text)")
        }
        for text in [
            "0", "-0.0", "10", "1.5e-3", " 7 ", "1E5", "99999999999999999999", "123456789012345678901234567890",
        ] {
            #expect(number(text) == slow(text) && number(text) != nil, "\(text)")
        }
    }

    @Test func wholeNumbersMayBeWrittenWithAFraction() {
        func integer(_ text: String) -> Int64? {
            Array(text.utf8).withUnsafeBufferPointer { bytes in
                var scanner = JSONByteScanner(bytes)
                return try? scanner.integer()
            }
        }
        #expect(integer("42") == 42 && integer("-7") == -7 && integer("42.0") == 42 && integer("1e3") == 1000)
        #expect(integer("9223372036854775807") == .max && integer("-9223372036854775808") == .min)
        #expect(integer("9223372036854775808") == nil && integer("1.5") == nil && integer("1e300") == nil)
    }

    @Test func damagedTextsAreReadOrRefusedByBoth() {
        var random = Random(seed: 2, purpose: "damage")
        let good = Array(#"{"a": [1, -2.5e3, "x\"\\y\u00e9"], "b": {"c": null, "d": [true, false, {}]}, "e": []}"#.utf8)
        var kept = 0
        for _ in 0..<20_000 {
            var bytes = good
            for _ in 0...random.integer(below: 2) {
                let place = random.integer(below: bytes.count)
                switch random.integer(below: 3) {
                case 0: bytes[place] = UInt8(random.integer(below: 128))
                case 1: bytes.remove(at: place)
                default: bytes.insert(Array(#"[]{},:"0\e "#.utf8)[random.integer(below: 11)], at: place)
                }
            }
            let isGood = bytes.withUnsafeBufferPointer { memory in
                var scanner = JSONByteScanner(memory)
                return (try? scanner.skipValue()) != nil && (try? scanner.expectEnd()) != nil
            }
            // Escapes, keys that occur twice and the range of numbers are looked at only where a value is wanted.
            if (try? JSONValue(parsing: bytes)) != nil {
                #expect(isGood)
                kept += 1
            }
        }
        #expect(kept > 1000)
    }

    @Test func nestingHasAnEnd() {
        let deep = [UInt8](repeating: UInt8(ascii: "["), count: 1 << 20)
        deep.withUnsafeBufferPointer { memory in
            var scanner = JSONByteScanner(memory)
            #expect(throws: JSONError.self) { try scanner.skipValue() }
        }
    }
}
