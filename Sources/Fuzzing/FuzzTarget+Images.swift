import CZLib
import Datasets
import Foundation

// Images, one by one and in the files of data sets.
extension FuzzTarget {
    static func idx(_ folder: String) throws -> FuzzTarget {
        let path = folder + "/idx"
        try makeFolder(path)
        let labels: [UInt8] = [0, 0, 8, 1, 0, 0, 0, 6, 0, 1, 0, 1, 0, 1]
        let images: [UInt8] = [0, 0, 8, 3, 0, 0, 0, 6, 0, 0, 0, 4, 0, 0, 0, 4] + (0..<96).map { UInt8($0) }
        // Both files are of the same format, so both are damaged, by turns; every fifth is packed.
        let mutator = Mutator(seeds: [images, labels], limit: 4096, structures: [.headerNumber])
        return FuzzTarget(name: "idx", mutator: mutator) { input in
            for name in try FileManager.default.contentsOfDirectory(atPath: path) {
                try FileManager.default.removeItem(atPath: path + "/" + name)
            }
            let isImages = input.count > 3 ? input[3] == 3 : input.count > 40
            let isPacked = (input.last ?? 0) % 5 == 0
            func put(_ bytes: [UInt8], _ name: String) throws {
                try write(isPacked ? try packed(bytes) : bytes, path + "/" + name + (isPacked ? ".gz" : ""))
            }
            try put(isImages ? input : images, "train-images-idx3-ubyte")
            try put(isImages ? labels : input, "train-labels-idx1-ubyte")
            let splits = try LabeledData.open(path)
            for i in 0..<min(4, splits.train.count) { _ = try splits.train.image(i) }
        }
    }

    /// A gzip file.
    private static func packed(_ bytes: [UInt8]) throws -> [UInt8] {
        var stream = z_stream()
        let size = Int32(MemoryLayout<z_stream>.size)
        guard deflateInit2_(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, size) == Z_OK else {
            throw UnusableInput()
        }
        defer { deflateEnd(&stream) }
        var output = [UInt8](repeating: 0, count: Int(deflateBound(&stream, UInt(bytes.count))) + 64)
        var input = bytes
        let count = input.withUnsafeMutableBufferPointer { source in
            output.withUnsafeMutableBufferPointer { target in
                stream.next_in = source.baseAddress
                stream.avail_in = UInt32(source.count)
                stream.next_out = target.baseAddress
                stream.avail_out = UInt32(target.count)
                return deflate(&stream, Z_FINISH) == Z_STREAM_END ? target.count - Int(stream.avail_out) : 0
            }
        }
        return Array(output.prefix(count))
    }

    static func cifar(_ folder: String) throws -> FuzzTarget {
        let path = folder + "/cifar"
        try makeFolder(path)
        let records = (0..<2).flatMap { label in
            [UInt8(label)] + (0..<3072).map { UInt8(truncatingIfNeeded: $0 + label) }
        }
        for name in (2...5).map({ "data_batch_\($0)" }) + ["test_batch"] { try write(records, path + "/\(name).bin") }
        return FuzzTarget(name: "cifar", mutator: Mutator(seeds: [records])) {
            try write($0, path + "/data_batch_1.bin")
            _ = try LabeledData.open(path).train.count
        }
    }

    /// The names of classes that come with CIFAR's files, a line each: the only list in a plain text file that is read.
    static func labels(_ folder: String) throws -> FuzzTarget {
        let path = folder + "/names"
        try makeFolder(path)
        let records = (0..<2).flatMap { label in [UInt8(label)] + [UInt8](repeating: 9, count: 3072) }
        for name in (1...5).map({ "data_batch_\($0)" }) + ["test_batch"] { try write(records, path + "/\(name).bin") }
        let names = (0..<10).map { "class \($0)" }.joined(separator: "\n") + "\n"
        return FuzzTarget(name: "list", mutator: Mutator(seeds: [Array(names.utf8)])) {
            try write($0, path + "/batches.meta.txt")
            _ = try LabeledData.open(path).classNames
        }
    }

    static var jpeg: FuzzTarget {
        FuzzTarget(name: "jpeg", mutator: Mutator(seeds: SmallImages.jpegs, structures: [.headerNumber])) {
            _ = try Image(decoding: $0, name: "input")
        }
    }

    static func png() throws -> FuzzTarget {
        let color = Image(width: 9, height: 7, channels: 3, pixels: (0..<189).map { UInt8($0) })
        let gray = Image(width: 5, height: 5, channels: 1, pixels: (0..<25).map { UInt8(10 * $0) })
        let seeds = [try color.encodedAsPNG(), try gray.encodedAsPNG()]
        return FuzzTarget(name: "png", mutator: Mutator(seeds: seeds, structures: [.headerNumber])) {
            _ = try Image(decoding: $0, name: "input")
        }
    }
}
