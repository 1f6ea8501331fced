#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// This machine, and lines about it.
package enum Host {
    /// Its name in the network, without a domain.
    package static var name: String {
        var bytes = [UInt8](repeating: 0, count: 256)
        let code = bytes.withUnsafeMutableBytes {
            gethostname($0.baseAddress!.assumingMemoryBound(to: CChar.self), $0.count - 1)
        }
        guard code == 0 else { return "unknown" }
        let name = String(decoding: bytes.prefix { $0 != 0 && $0 != UInt8(ascii: ".") }, as: UTF8.self)
        return name.isEmpty ? "unknown" : name
    }

    /// Writes a line to the error output in one piece, so that lines of several ranks do not mix.
    package static func writeLine(_ text: String) {
        let line = Array((text + "\n").utf8)
        _ = line.withUnsafeBytes { write(2, $0.baseAddress, $0.count) }
    }

    /// The value of a variable of the environment; nil where it is not set or empty.
    package static func variable(_ name: String) -> String? {
        guard let text = getenv(name).map({ String(cString: $0) }), !text.isEmpty else { return nil }
        return text
    }
}
