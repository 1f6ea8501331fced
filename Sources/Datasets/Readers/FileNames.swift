/// Names of files as the system keeps them: bytes that need not be UTF-8, in archives from elsewhere above all.
///
/// A byte that is none of UTF-8 is held as a scalar of a private area, so that a name can travel as a `String` and still
/// opens its file. `shown` is what people read: such a byte as `\xE9`.
enum FileName {
    private static let base: UInt32 = 0x10_FF00

    private static func isHeldByte(_ scalar: Unicode.Scalar) -> Bool { scalar.value >= base + 0x80 }

    /// A name from the bytes that the system gives.
    static func decoded(_ bytes: UnsafeBufferPointer<UInt8>) -> String {
        // Only names with this byte can hold scalars of the private area.
        if let text = String(validating: bytes, as: UTF8.self), !bytes.contains(0xF4) { return text }
        var name = ""
        var position = 0
        while position < bytes.count {
            var length = 1
            var scalar = Unicode.Scalar(base + UInt32(bytes[position]))
            for size in 1...4 where position + size <= bytes.count {
                let piece = UnsafeBufferPointer(rebasing: bytes[position..<position + size])
                if let text = String(validating: piece, as: UTF8.self), let first = text.unicodeScalars.first,
                    !isHeldByte(first)
                {
                    (scalar, length) = (first, size)
                    break
                }
            }
            if let scalar { name.unicodeScalars.append(scalar) }
            position += length
        }
        return name
    }

    /// The bytes that the system is asked with, ended by a zero.
    static func withBytes<Result>(_ path: String, _ body: (UnsafePointer<CChar>) throws -> Result) rethrows -> Result {
        guard path.utf8.contains(0xF4) else { return try path.withCString(body) }
        var bytes: [CChar] = []
        for scalar in path.unicodeScalars {
            if isHeldByte(scalar) {
                bytes.append(CChar(truncatingIfNeeded: scalar.value - base))
            } else {
                bytes += String(scalar).utf8.map { CChar(bitPattern: $0) }
            }
        }
        return try (bytes + [0]).withUnsafeBufferPointer { try body($0.baseAddress!) }
    }

    /// The name for people and for labels.
    static func shown(_ name: String) -> String {
        guard name.utf8.contains(0xF4) else { return name }
        return name.unicodeScalars.reduce(into: "") { text, scalar in
            if isHeldByte(scalar) {
                text += "\\x" + String(scalar.value - base, radix: 16, uppercase: true)
            } else {
                text.unicodeScalars.append(scalar)
            }
        }
    }

    /// What follows the last dot, in lower case; empty where there is none.
    static func ending(_ name: String) -> String {
        let file = name.utf8.split(separator: UInt8(ascii: "/")).last ?? name.utf8[...]
        guard let dot = file.lastIndex(of: UInt8(ascii: ".")), dot != file.startIndex else { return "" }
        return String(Substring(file[file.index(after: dot)...])).lowercased()
    }
}

/// Up to so many names, the rest counted.
func listed(_ names: [String], most: Int = 5) -> String {
    let shown = names.prefix(most).map { FileName.shown($0) }.joined(separator: ", ")
    return names.count > most ? "\(shown) and \(names.count - most) more" : shown
}

/// Each with its full stop.
func sentences(_ notices: [String]) -> [String] {
    notices.map { FileName.shown($0.hasSuffix(".") || $0.hasSuffix("?") ? $0 : $0 + ".") }
}

/// "1 image", "2 images".
func counted(_ count: Int, _ noun: String, _ plural: String? = nil) -> String {
    "\(count) \(count == 1 ? noun : plural ?? noun + "s")"
}
