/// Readers for the IDX files of MNIST and its relatives: a magic number, big-endian sizes, then bytes.
enum IDX {
    struct Header {
        let sizes: [Int]
        var dataOffset: Int { 4 + 4 * sizes.count }
        var dataCount: Int { sizes.reduce(1, *) }
    }

    /// What a header may promise at all; how much of it is read is a matter of memory.
    private static let maximumBytes = 1 << 40

    /// The header of an IDX file of unsigned bytes.
    static func header(_ start: [UInt8], path: String, dimensions: ClosedRange<Int>) throws -> Header {
        guard start.count >= 4 else {
            throw DatasetError(path, "the file ends after \(start.count) bytes, before the magic number of an IDX file")
        }
        let bytes = start.span.bytes
        let magicNumber = bytes.bigEndian(at: 0) ?? 0
        let count = Int(magicNumber & 0xff)
        guard magicNumber >> 8 == 8, dimensions.contains(count) else {
            let magic = String(magicNumber, radix: 16)
            let expected = dimensions.map { "0000080\($0)" }.joined(separator: " or ")
            let padded = String(repeating: "0", count: 8 - magic.count) + magic
            throw DatasetError(path, "the magic number is \(padded), expected \(expected) for IDX files of bytes")
        }
        var sizes: [Int] = []
        for index in 0..<count {
            guard let size = bytes.bigEndian(at: 4 + 4 * index) else {
                throw DatasetError(path, "the file ends within its header")
            }
            sizes.append(Int(size))
        }
        var total = 1
        for size in sizes {
            let (product, overflow) = total.multipliedReportingOverflow(by: size)
            guard size > 0, !overflow, product <= maximumBytes else {
                let text = sizes.map(String.init).joined(separator: " x ")
                throw DatasetError(path, "the sizes \(text) in the header make no sense")
            }
            total = product
        }
        return Header(sizes: sizes)
    }

    static func header(of path: String, dimensions: ClosedRange<Int>) throws -> Header {
        try header(try readPossiblyCompressedFile(path, limit: 32), path: path, dimensions: dimensions)
    }

    /// The header and all the bytes behind it, no more than it promises.
    static func read(_ path: String, _ header: Header) throws -> [UInt8] {
        let expected = header.dataOffset + header.dataCount
        let bytes = try readPossiblyCompressedFile(path, limit: expected + 1)
        guard bytes.count == expected else {
            let found = bytes.count > expected ? "more than that" : "\(bytes.count)"
            throw DatasetError(path, "the header asks for \(expected) bytes, the file holds \(found)")
        }
        return bytes
    }

    /// Reads images [count, height, width] (or [count, height, width, channels]) and labels [count].
    /// - Parameter classCount: how many classes the training part has; nil when this is the training part.
    static func dataset(
        images imagePath: String, labels labelPath: String, classCount: Int?, _ budget: inout PackedBudget
    ) throws -> PackedImages {
        let header = try header(of: imagePath, dimensions: 3...4)
        let labelHeader = try Self.header(of: labelPath, dimensions: 1...1)
        let (count, height, width) = (header.sizes[0], header.sizes[1], header.sizes[2])
        let channels = header.sizes.count == 4 ? header.sizes[3] : 1
        guard channels == 1 || channels == 3 else {
            throw DatasetError(imagePath, "the images have \(channels) channels, expected 1 or 3")
        }
        guard labelHeader.sizes[0] == count else {
            throw DatasetError(
                labelPath, "the file holds \(labelHeader.sizes[0]) labels for the \(count) images of \(imagePath)")
        }
        try budget.take(images: count, bytesEach: header.dataCount / count, of: imagePath)
        let bytes = try read(imagePath, header)
        let labels = Array(try read(labelPath, labelHeader)[labelHeader.dataOffset...])
        let classes = classCount ?? Int(labels.max() ?? 0) + 1
        if let wrong = labels.firstIndex(where: { $0 >= classes }) {
            throw DatasetError(
                labelPath, "label \(labels[wrong]) of image \(wrong) is out of range, expected 0...\(classes - 1)")
        }
        return PackedImages(
            classNames: (0..<classes).map(String.init), width: width, height: height, channels: channels, bytes: bytes,
            offset: header.dataOffset, classes: labels, source: imagePath)
    }

    struct Files {
        var images: String
        var labels: String
    }

    /// The image and label files of a part (`train`; `t10k` or `test`) among the files of a folder.
    static func find(_ names: [String], part prefixes: [String]) -> Files? {
        for prefix in prefixes {
            guard let images = names.first(where: { $0.contains("\(prefix)-images") && $0.contains("idx") }) else {
                continue
            }
            // Packed and plain may be mixed, so the label file is looked for by either name.
            let stem = images.hasSuffix(".gz") ? String(images.dropLast(3)) : images
            let wanted = stem.replacing("-images", with: "-labels").replacing("idx3", with: "idx1")
                .replacing("idx4", with: "idx1")
            guard let labels = [wanted, wanted + ".gz"].first(where: names.contains) else { continue }
            return Files(images: images, labels: labels)
        }
        return nil
    }
}
