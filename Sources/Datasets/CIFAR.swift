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

    static func dataset(_ layout: Layout, folder: String, files: [String]) throws -> InMemoryDataset {
        let plane = side * side
        let record = layout.labelBytes + 3 * plane
        var images: [Image] = []
        var labels: [Int] = []
        for file in files {
            let path = "\(folder)/\(file)"
            let bytes = try readFile(path)
            guard !bytes.isEmpty, bytes.count % record == 0 else {
                throw DatasetError(path, "the file has \(bytes.count) bytes, expected a multiple of \(record)")
            }
            for i in 0..<bytes.count / record {
                let label = Int(bytes[i * record + layout.labelBytes - 1])
                guard label < layout.classCount else {
                    throw DatasetError(
                        path, "label \(label) of image \(i) is out of range, expected 0...\(layout.classCount - 1)")
                }
                let from = i * record + layout.labelBytes
                let pixels = [UInt8](unsafeUninitializedCapacity: 3 * plane) { buffer, count in
                    for channel in 0..<3 {
                        for p in 0..<plane { buffer[3 * p + channel] = bytes[from + channel * plane + p] }
                    }
                    count = 3 * plane
                }
                images.append(Image(width: side, height: side, channels: 3, pixels: pixels))
                labels.append(label)
            }
        }
        return InMemoryDataset(
            classNames: try classNames(layout, folder: folder), images: images, labels: labels,
            source: files.count == 1 ? "\(folder)/\(files[0])" : folder)
    }
}
