/// Reads JSON (RFC 8259) piece by piece, in memory that does not grow with the file; nothing is built but what is asked for.
///
/// Beyond the standard it takes a byte order mark, and the words NaN and Infinity that Python writes. It stands beside
/// `JSONByteScanner`, which reads from memory that holds the whole text: that one tells strings by where they lie and is
/// shared by threads, which no piece of a file allows, and a file that is mapped into memory instead would end the program
/// when another one cuts it short.
struct JSONStream {
    /// How much of a file is held at a time.
    private static let pieceSize = 1 << 20
    /// The deepest nesting that is read.
    private static let deepest = 128

    let path: String
    private let file: InputFile?
    private var piece: [UInt8]
    var position = 0
    /// Where the piece begins in the file.
    private var start: Int
    /// The text that was read last, without its quotes.
    var text: [UInt8] = []

    /// A file from its beginning.
    init(_ file: InputFile) throws {
        (self.file, path, start) = (file, file.path, 0)
        piece = try file.next(Self.pieceSize)
        if piece.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
    }

    /// Bytes that stand at an offset of a file.
    init(_ bytes: [UInt8], path: String, at offset: Int = 0) {
        (file, self.path, start, piece) = (nil, path, offset, bytes)
    }

    /// The place of the next byte in the file.
    var offset: Int { start + position }

    func failure(_ reason: String) -> DatasetError {
        DatasetError(path, "this is no valid JSON (\(reason) at byte \(offset))")
    }

    /// The next byte, not taken; 0 at the end, which stands nowhere in JSON.
    mutating func byte() throws -> UInt8 {
        if position < piece.count { return piece[position] }
        guard let file, !piece.isEmpty else { return 0 }
        start += piece.count
        position = 0
        piece = try file.next(Self.pieceSize)
        return piece.first ?? 0
    }

    /// The next byte that is not white space, not taken; 0 at the end.
    mutating func peek() throws -> UInt8 {
        while true {
            let next = try byte()
            switch next {
            case 0x20, 0x09, 0x0A, 0x0D: position += 1
            default: return next
            }
        }
    }

    mutating func skip(_ character: Unicode.Scalar) throws -> Bool {
        guard try peek() == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    mutating func expect(_ character: Unicode.Scalar) throws {
        guard try skip(character) else { throw failure("expected '\(character)'") }
    }

    mutating func expectEnd() throws {
        if try peek() != 0 || position < piece.count { throw failure("unexpected text after the value") }
    }

    /// Walks over an object, calling `member` with each name once the reader stands before its value.
    mutating func object(_ member: (inout JSONStream, String) throws -> Void) throws {
        try expect("{")
        if try skip("}") { return }
        repeat {
            let name = try string(most: 4096)
            try expect(":")
            try member(&self, name)
        } while try skip(",")
        try expect("}")
    }

    /// Walks over a list, calling `element` once the reader stands before each element.
    mutating func array(_ element: (inout JSONStream) throws -> Void) throws {
        try expect("[")
        if try skip("]") { return }
        repeat { try element(&self) } while try skip(",")
        try expect("]")
    }

    /// Passes over a value of any kind.
    mutating func skipValue(depth: Int = 0) throws {
        guard depth < Self.deepest else { throw failure("nesting deeper than \(Self.deepest)") }
        switch try peek() {
        case UInt8(ascii: "{"): try object { stream, _ in try stream.skipValue(depth: depth + 1) }
        case UInt8(ascii: "["): try array { stream in try stream.skipValue(depth: depth + 1) }
        case UInt8(ascii: "\""): try readText(most: .max, keeps: false)
        case UInt8(ascii: "t"): try word("true")
        case UInt8(ascii: "f"): try word("false")
        case UInt8(ascii: "n"): try word("null")
        default: _ = try decimal()
        }
    }

    /// Takes `null`, if that is what comes next.
    mutating func skipNull() throws -> Bool {
        guard try peek() == UInt8(ascii: "n") else { return false }
        try word("null")
        return true
    }

    mutating func word(_ word: StaticString) throws {
        for index in 0..<word.utf8CodeUnitCount {
            guard try byte() == word.utf8Start[index] else { throw failure("expected a value") }
            position += 1
        }
    }

    /// Takes one more byte if it is this one.
    mutating func take(_ character: Unicode.Scalar) throws -> Bool {
        guard try byte() == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }
}
