/// The regular files in a tar file, found by hopping from header to header; nothing of them is read.
///
/// Read are ustar and its extensions by GNU (long names) and by POSIX (pax: path and size). A file must end with the two
/// empty blocks that every tar has at its end, for else it may be cut short.
struct TarIndex {
    /// In the order of the file.
    private(set) var members: [TarMember] = []
    /// How many entries are links, devices and the like, which hold no bytes.
    private(set) var others = 0

    private static let block = 512
    /// Names and headers of extensions longer than this are damaged.
    private static let longestExtension = 1 << 20

    private let path: String
    private let file: InputFile
    private var position = 0
    /// What an extension says of the next entry.
    private var next: (name: String?, size: Int?) = (nil, nil)

    /// - Throws: `DatasetError` for a file that is no tar file, that is packed, or that is cut short.
    init(_ path: String) throws {
        self.path = path
        file = try InputFile(path)
        if file.size == 0 { throw DatasetError(path, "the file is empty, expected a tar file") }
        while try readEntry() {}
    }

    private func failure(_ reason: String) -> DatasetError {
        DatasetError(path, "\(reason) at byte \(position), so it is damaged or cut short")
    }

    /// - Returns: whether there may be more.
    private mutating func readEntry() throws -> Bool {
        let header = try file.bytes(at: position, count: Self.block)
        guard header.count == Self.block else {
            throw position == 0
                ? foreign(header) : failure("the tar file ends without the two empty blocks that mark its end")
        }
        if header.allSatisfy({ $0 == 0 }) {
            let second = try file.bytes(at: position + Self.block, count: Self.block)
            guard second.count == Self.block, second.allSatisfy({ $0 == 0 }) else {
                throw failure("the tar file ends with one empty block in place of two")
            }
            return false
        }
        guard Self.isSound(header) else { throw position == 0 ? foreign(header) : failure("there is no tar header") }
        let kind = header[156]
        let isExtension = kind == UInt8(ascii: "L") || kind == UInt8(ascii: "x")
        guard let size = (isExtension ? nil : next.size) ?? Self.number(header[124..<136]) else {
            throw failure("the size in a tar header is no number")
        }
        let start = position + Self.block
        let (end, overflow) = start.addingReportingOverflow(size)
        guard !overflow, end <= file.size else {
            throw DatasetError(
                path,
                "the tar file is cut short: \(name(header)) would end at byte \(overflow ? .max : end), but the file "
                    + "has \(file.size) bytes")
        }
        if isExtension {
            try read(extension: kind, at: start, size)
        } else {
            switch kind {
            case 0, UInt8(ascii: "0"), UInt8(ascii: "7"):
                members.append(TarMember(name: name(header), offset: start, size: size))
            case UInt8(ascii: "5"), UInt8(ascii: "g"), UInt8(ascii: "K"): break
            default: others += 1
            }
            if kind != UInt8(ascii: "g"), kind != UInt8(ascii: "K") { next = (nil, nil) }
        }
        position = start + (size + Self.block - 1) / Self.block * Self.block
        return true
    }

    private func foreign(_ start: [UInt8]) -> DatasetError {
        if start.starts(with: [0x1F, 0x8B]) {
            return DatasetError(path, "this tar file is packed with gzip, expected a plain one; unpack it with gunzip")
        }
        return DatasetError(path, "this is no tar file, expected one with images and what is said of each")
    }

    private mutating func read(extension kind: UInt8, at start: Int, _ size: Int) throws {
        guard size <= Self.longestExtension else { throw failure("a name of \(size) bytes") }
        let bytes = try file.bytes(at: start, count: size)
        if kind == UInt8(ascii: "L") {
            next.name = Self.text(bytes[...])
            return
        }
        // Lines of "length key=value\n".
        var rest = bytes[...]
        while let space = rest.firstIndex(of: UInt8(ascii: " ")) {
            guard let length = Int(String(decoding: rest[..<space], as: UTF8.self)),
                length > space - rest.startIndex + 1,
                length <= rest.count
            else { throw failure("a damaged extended header") }
            let line = rest[(space + 1)..<(rest.startIndex + length - 1)]
            rest = rest.dropFirst(length)
            guard let equals = line.firstIndex(of: UInt8(ascii: "=")) else { continue }
            let value = line[(equals + 1)...]
            switch String(decoding: line[..<equals], as: UTF8.self) {
            case "path": next.name = Self.text(value)
            case "size":
                guard let size = Int(String(decoding: value, as: UTF8.self)), size >= 0 else {
                    throw failure("a damaged extended header")
                }
                next.size = size
            default: break
            }
        }
    }

    private func name(_ header: [UInt8]) -> String {
        if let name = next.name { return name }
        let own = Self.text(header[0..<100])
        let prefix =
            header[257..<262].elementsEqual("ustar".utf8) && header[262] == 0 ? Self.text(header[345..<500]) : ""
        return prefix.isEmpty ? own : prefix + "/" + own
    }

    private static func text(_ bytes: ArraySlice<UInt8>) -> String {
        Array(bytes.prefix { $0 != 0 }).withUnsafeBufferPointer { FileName.decoded($0) }
    }

    /// An octal number, or a binary one where the first bit is set.
    private static func number(_ field: ArraySlice<UInt8>) -> Int? {
        guard let first = field.first else { return nil }
        if first & 0x80 != 0 {
            guard first == 0x80 else { return nil }
            return field.dropFirst().reduce(Int?.some(0)) { value, byte in
                value.flatMap { $0 > Int.max >> 9 ? nil : $0 << 8 | Int(byte) }
            }
        }
        let digits = field.drop { $0 == 0x20 }.prefix { $0 != 0 && $0 != 0x20 }
        if digits.isEmpty { return 0 }
        return Int(String(decoding: digits, as: UTF8.self), radix: 8).flatMap { $0 >= 0 ? $0 : nil }
    }

    /// Whether the checksum is right, which is that of the header with eight spaces in its place.
    private static func isSound(_ header: [UInt8]) -> Bool {
        let sum = header.indices.reduce(0) { $0 + (148..<156 ~= $1 ? 0x20 : Int(header[$1])) }
        return number(header[148..<156]) == sum
    }
}
