/// Readers for the binary versions of CIFAR-10 and CIFAR-100: one or two label bytes, then three planes of 32 x 32.
enum CIFAR {
    static let side = 32

    struct Layout {
        let trainFiles: [String]
        let testFile: String
        let labelBytes: Int  // the last one counts
        let classCount: Int
        let namesFile: String
    }

    static let ten = Layout(
        trainFiles: (1...5).map { "data_batch_\($0).bin" }, testFile: "test_batch.bin", labelBytes: 1, classCount: 10,
        namesFile: "batches.meta.txt")
    static let hundred = Layout(
        trainFiles: ["train.bin"], testFile: "test.bin", labelBytes: 2, classCount: 100,
        namesFile: "fine_label_names.txt")

    /// The layout that a folder's files fit, if any.
    static func layout(of names: [String]) -> Layout? {
        if names.contains(where: { ten.trainFiles.contains($0) }) { return ten }
        if names.contains("train.bin") { return hundred }
        return nil
    }

    /// The class names beside the data, or numbers.
    static func classNames(_ layout: Layout, folder: String) throws -> [String] {
        let path = "\(folder)/\(layout.namesFile)"
        guard exists(path) else { return (0..<layout.classCount).map(String.init) }
        let names = String(decoding: try readFile(path, limit: 1 << 16), as: UTF8.self)
            .split(whereSeparator: \.isNewline).map(String.init)
        guard names.count == layout.classCount, Set(names).count == names.count else {
            throw DatasetError(
                path, "the file holds \(names.count) class names, expected \(layout.classCount) different ones")
        }
        return names
    }

    /// Reads the records of some files, piece by piece, into one array.
    static func dataset(_ layout: Layout, folder: String, files: [String], _ budget: inout PackedBudget) throws
        -> PackedImages
    {
        let record = layout.labelBytes + 3 * plane
        var counts: [Int] = []
        for file in files {
            let input = try InputFile("\(folder)/\(file)")
            guard input.size > 0, input.size % record == 0 else {
                throw DatasetError(input.path, "the file has \(input.size) bytes, expected a multiple of \(record)")
            }
            try budget.take(images: input.size / record, bytesEach: 3 * plane, of: input.path)
            counts.append(input.size / record)
        }
        let total = counts.reduce(0, +)
        var labels: [UInt8] = []
        labels.reserveCapacity(total)
        let pixels = try [UInt8](capacity: total * 3 * plane) { target throws(any Error) in
            for (file, count) in zip(files, counts) {
                try read("\(folder)/\(file)", count, layout, &labels, &target)
            }
        }
        return PackedImages(
            classNames: try classNames(layout, folder: folder), width: side, height: side, channels: 3, bytes: pixels,
            offset: 0, classes: labels, source: files.count == 1 ? "\(folder)/\(files[0])" : folder)
    }

    private static let plane = side * side
    private static let recordsAtOnce = 256

    private static func read(
        _ path: String, _ count: Int, _ layout: Layout, _ labels: inout [UInt8], _ pixels: inout OutputSpan<UInt8>
    ) throws {
        let record = layout.labelBytes + 3 * plane
        let input = try InputFile(path)
        for start in stride(from: 0, to: count, by: recordsAtOnce) {
            let records = min(recordsAtOnce, count - start)
            let piece = try input.next(records * record)
            guard piece.count == records * record else {
                throw DatasetError(path, "the file became shorter while it was read")
            }
            for i in 0..<records {
                let bytes = piece.span.extracting(i * record..<(i + 1) * record)
                let label = bytes[layout.labelBytes - 1]
                guard label < layout.classCount else {
                    throw DatasetError(
                        path,
                        "label \(label) of image \(start + i) is out of range, expected 0...\(layout.classCount - 1)")
                }
                labels.append(label)
                append(bytes.extracting(layout.labelBytes...), to: &pixels)
            }
        }
    }

    /// Three planes as pixels of three channels.
    private static func append(_ planes: Span<UInt8>, to pixels: inout OutputSpan<UInt8>) {
        let red = planes.extracting(0..<plane)
        let green = planes.extracting(plane..<2 * plane)
        let blue = planes.extracting(2 * plane..<3 * plane)
        for p in 0..<plane {
            pixels.append(red[p])
            pixels.append(green[p])
            pixels.append(blue[p])
        }
    }
}
