import Datasets

// Lists of images: CSV files, and tar files with what is said of each beside it.
extension FuzzTarget {
    private static func image() throws -> [UInt8] {
        try Image(width: 9, height: 7, channels: 1, pixels: (0..<63).map { UInt8($0) }).encodedAsPNG()
    }

    /// Opens what a file says of images in each of the ways that there are, and reads the first ones.
    private static func readAll(_ path: String) throws {
        var options = ListOptions(path: path)
        (options.onBroken, options.validation) = (nil, .nowhere)
        let sets = try? ListedData.openPart(options, of: ClassSet.self, .all, isTrainedOn: true).dataset
        let numbers = try? ListedData.openPart(options, of: Quantities.self, .all, isTrainedOn: true).dataset
        for index in 0..<min(4, sets?.count ?? 0) { _ = try? sets?.image(index) }
        _ = try numbers.map { try (0..<$0.count).map { index in try numbers?.annotation(index) } }
        let part = try LabeledData.openPart(path, .all, onBroken: nil).dataset
        for index in 0..<min(4, part.count) { _ = try part.shape(index) }
    }

    static func csv(_ folder: String) throws -> FuzzTarget {
        let path = folder + "/csv"
        try makeFolder(path)
        for name in ["0.png", "1.png"] { try write(try image(), "\(path)/\(name)") }
        let seeds = [
            "image,label,part,weight\n0.png,a,train,1\n1.png,\"b|a\",train,0.5\n",
            "\u{FEFF}image,a,b\r\n0.png,1,0\r\n\"1.png\",0,1\r\n", "image,age,height\n0.png,3.5,-1e3\n1.png,0,2",
        ]
        return FuzzTarget(name: "csv", mutator: Mutator(seeds: seeds.map { Array($0.utf8) })) { input in
            try write(input, path + "/labels.csv")
            guard (try? readAll(path + "/labels.csv")) == nil else { return }
            // Columns of classes and of numbers have no labels.
            var options = ListOptions(path: path + "/labels.csv")
            (options.onBroken, options.validation) = (nil, .nowhere)
            let numbers = try? ListedData.openPart(options, of: Quantities.self, .all, isTrainedOn: true)
            guard numbers == nil else { return }
            _ = try ListedData.openPart(options, of: ClassSet.self, .all, isTrainedOn: true)
        }
    }

    static func tar(_ folder: String) throws -> FuzzTarget {
        let path = folder + "/tar"
        try makeFolder(path)
        let long = String(repeating: "long/", count: 30)
        let image = try image()
        let seeds = [
            SmallTar([("0.png", image), ("0.cls", Array("a".utf8)), ("1.txt", Array("b".utf8)), ("1.png", image)]),
            SmallTar([
                (long + "0.png", image), (long + "0.json", Array("{\"label\": [\"a\", 2], \"weight\": 1.5}".utf8)),
            ]),
        ].map(\.bytes)
        let mutator = Mutator(seeds: seeds, structures: [SmallTar.change])
        return FuzzTarget(name: "tar", mutator: mutator) { input in
            try write(input, path + "/x.tar")
            try readAll(path + "/x.tar")
        }
    }
}

/// Tar files as GNU tar writes them.
private struct SmallTar {
    private(set) var bytes: [UInt8] = []

    init(_ members: [(name: String, bytes: [UInt8])]) {
        for member in members {
            let name = Array(member.name.utf8)
            if name.count > 99 { add(Array("././@LongLink".utf8), name + [0], kind: "L") }
            add(Array(name.prefix(99)), member.bytes, kind: "0")
        }
        bytes += [UInt8](repeating: 0, count: 1024)
    }

    private mutating func add(_ name: [UInt8], _ content: [UInt8], kind: Unicode.Scalar) {
        var header = [UInt8](repeating: 0, count: 512)
        header.replaceSubrange(0..<name.count, with: name)
        let size = String(content.count, radix: 8)
        header.replaceSubrange(
            124..<135, with: Array((String(repeating: "0", count: 11 - size.count) + size).utf8))
        header[156] = UInt8(ascii: kind)
        header.replaceSubrange(257..<265, with: Array("ustar  ".utf8) + [0])
        bytes += Self.signed(header) + content + [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
    }

    /// A header with its checksum.
    private static func signed(_ header: [UInt8]) -> [UInt8] {
        var header = header
        let sum = header.indices.reduce(0) { $0 + (148..<156 ~= $1 ? 32 : Int(header[$1])) }
        let text = String(sum, radix: 8)
        header.replaceSubrange(
            148..<156, with: Array((String(repeating: "0", count: 6 - text.count) + text).utf8) + [0, 32])
        return header
    }

    /// A byte of a header, with the checksum made anew.
    static let change = StructuredChange { bytes, random in
        let headers = stride(from: 0, to: bytes.count - 511, by: 512).filter { start in
            bytes[start + 257..<start + 262].elementsEqual("ustar".utf8)
        }
        guard !headers.isEmpty else { return }
        let start = headers[random.integer(below: headers.count)]
        let fields = [0..<100, 124..<136, 156..<157, 345..<400]
        let field = fields[random.integer(below: fields.count)]
        let values: [UInt8] = [0, 0x20, 0x2E, 0x2F, 0x30, 0x37, 0x39, 0x67, 0x78, 0x4C, 0x80, 0xFF]
        bytes[start + field.lowerBound + random.integer(below: field.count)] =
            values[random.integer(below: values.count)]
        bytes.replaceSubrange(start..<start + 512, with: signed(Array(bytes[start..<start + 512])))
    }
}
