import Datasets
import Foundation
import Tensors
import Testing

struct ReaderTests {
    @Test func digitsHaveTheirCountsAndValues() throws {
        let splits = try LabeledData.open("digits", validation: .nowhere)
        #expect(splits.train.count == 1437)
        #expect(splits.test?.count == 360)
        #expect(splits.classNames == (0...9).map(String.init))
        #expect(splits.attribution?.contains("CC BY 4.0") == true)
        let first = try splits.train.image(0)
        #expect((first.width, first.height, first.channels) == (8, 8, 1))
        // The first row of the file begins 0, 0, 5, 13, 9, 1.
        #expect(first.pixels.prefix(6) == [0, 0, 80, 207, 143, 16])
        #expect(try (0..<10).map { try splits.train.label($0) } == Array(0...9))
        #expect(try splits.test?.classCounts() == [35, 36, 35, 37, 37, 37, 37, 36, 33, 37])
    }

    @Test func validationIsAStratifiedSeededPart() throws {
        let splits = try LabeledData.open("digits", seed: 3)
        let validation = try #require(splits.validation as? SubsetDataset<ClassLabel>)
        let train = try #require(splits.train as? SubsetDataset<ClassLabel>)
        #expect(Set(validation.indices).isDisjoint(with: train.indices))
        #expect(validation.count + train.count == 1437)
        let all = try LabeledData.open("digits", validation: .nowhere).train.classCounts()
        #expect(try validation.classCounts() == all.map { Int((Double($0) / 10).rounded()) })
        let again = try LabeledData.open("digits", seed: 3).validation as? SubsetDataset<ClassLabel>
        #expect(again?.indices == validation.indices)
        let other = try LabeledData.open("digits", seed: 4).validation as? SubsetDataset<ClassLabel>
        #expect(other?.indices != validation.indices)
    }

    @Test func smallClassesKeepAnImageForTraining() {
        let split = StratifiedSplit(
            labels: [0, 1, 1, 2, 2, 2], classCount: 3, fraction: 0.9, seed: 0, purpose: "test")
        #expect(split.kept.count == 3)
        #expect(split.held.count == 3)
        #expect(split.kept.contains(0))
    }

    private func makeFolder(_ root: String, _ names: [String]) throws {
        for name in names { try write(Golden.file("rgb.png"), to: "\(root)/\(name)") }
    }

    @Test func imageFoldersAreReadInSortedOrder() throws {
        try withTemporaryFolder { root in
            try makeFolder(
                root,
                [
                    "train/b/2.png", "train/b/1.PNG", "train/a/x/3.png", "train/a/.hidden", "train/.git/z.png",
                    "test/b/1.png", "val/a/1.png",
                ])
            // The content decides, not the name.
            try write(Golden.file("grey.jpg"), to: "\(root)/train/a/picture.dat")
            let splits = try LabeledData.open(root, validation: .folder("val"))
            #expect(splits.classNames == ["a", "b"])
            #expect(
                (0..<4).map { splits.train.name($0) }
                    == ["a/picture.dat", "a/x/3.png", "b/1.PNG", "b/2.png"].map { "\(root)/train/\($0)" })
            #expect(try splits.train.image(0).channels == 1)
            #expect(try splits.train.image(3) == Golden.image("rgb.png"))
            #expect(try splits.test?.label(0) == 1)
            #expect(splits.validation?.count == 1)
            #expect(
                splits.notices == [
                    "\(root)/val has no images of 1 of the 2 classes (b).",
                    "\(root)/test has no images of 1 of the 2 classes (a).",
                ])
        }
    }

    @Test func brokenImagesAreFoundAtTheStartAndLeftOutOnRequest() throws {
        try withTemporaryFolder { root in
            try makeFolder(root, ["train/a/1.png", "train/a/2.png", "train/b/1.png", "test/a/1.png", "test/b/1.png"])
            let whole = Golden.file("rgb.png")
            try write(Array(whole.prefix(whole.count / 2)), to: "\(root)/test/b/2.png")
            try write(Array("no image".utf8), to: "\(root)/test/b/3.png")
            let error = #expect(throws: DatasetError.self) { try LabeledData.open(root, validation: .nowhere) }
            #expect(error?.path == "\(root)/test/b/2.png")
            #expect(
                error?.problem.contains("1 other image cannot be read (\(root)/test/b/3.png)") == true, "\(error!)")
            try write(Array("no image".utf8), to: "\(root)/train/a/0.png")
            let splits = try LabeledData.open(root, validation: .nowhere, onBroken: .skip)
            #expect((0..<splits.train.count).map { splits.train.name($0) }.first == "\(root)/train/a/1.png")
            #expect(splits.train.count == 3 && splits.test?.count == 2)
            #expect(
                splits.notices.count == 4 && splits.notices.prefix(3).allSatisfy { $0.hasPrefix("left out: \(root)/t") }
            )
            #expect(splits.notices[3].contains("1 of the 2 classes of \(root) has a single training image (b)"))
        }
    }

    @Test func aFolderWithoutTestPartHoldsATenthOut() throws {
        try withTemporaryFolder { root in
            try makeFolder(root, (0..<20).flatMap { ["a/\($0).png", "b/\($0).png"] })
            let splits = try LabeledData.open(root, validation: .nowhere, seed: 1)
            let test = try #require(splits.test)
            #expect(try test.classCounts() == [2, 2])
            #expect(try splits.train.classCounts() == [18, 18])
            #expect(splits.notices.count == 1)
            let other = try LabeledData.open(root, validation: .fraction(0.5), seed: 2)
            #expect((0..<4).map { other.test?.name($0) } == (0..<4).map(test.name))
            #expect(try other.validation?.classCounts() == [9, 9])
        }
    }

    @Test func wrongFoldersAreErrorsThatNameWhatIsWrong() throws {
        try withTemporaryFolder { root in
            #expect(message { _ = try LabeledData.open("\(root)/none") }.hasPrefix("\(root)/none: this does not exist"))
            #expect(
                message { _ = try LabeledData.open(root) }.hasPrefix("\(root): this folder holds nothing, expected"))
            try makeFolder(root, ["train/a/1.png", "test/a/1.png", "test/c/1.png"])
            #expect(
                message { _ = try LabeledData.open(root) }
                    == "\(root)/test/c: this class does not occur in the training data (a).")
            try write([1], to: "\(root)/flat/a.xyz")
            #expect(
                message { _ = try LabeledData.open("\(root)/flat") }.contains(
                    "holds one file (a.xyz), expected \"digits\""))
            #expect(message { _ = try LabeledData.open("\(root)/flat/a.xyz") }.contains("this is a file, expected"))
            #expect(
                message { _ = try LabeledData.open("digits", validation: .fraction(1)) }.contains("1.0 is no fraction"))
            #expect(
                message { _ = try LabeledData.open("digits", validation: .folder("no")) }.hasPrefix(
                    "no: the validation"))
        }
    }

    /// IDX bytes: unsigned bytes with these sizes.
    func idx(_ sizes: [Int], _ data: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = [0, 0, 8, UInt8(sizes.count)]
        for size in sizes {
            for shift in [24, 16, 8, 0] { bytes.append(UInt8(truncatingIfNeeded: size >> shift)) }
        }
        return bytes + data
    }

    @Test func idxFilesAreReadPlainAndPacked() throws {
        try withTemporaryFolder { root in
            try write(idx([3, 2, 2], (0..<12).map { $0 }), to: "\(root)/train-images-idx3-ubyte")
            // gzip of idx([3], [1, 0, 2]), stored without compression.
            let labels = idx([3], [1, 0, 2])
            try write(storedGzip(labels), to: "\(root)/train-labels-idx1-ubyte.gz")
            try write(idx([1, 2, 2], [9, 9, 9, 9]), to: "\(root)/t10k-images-idx3-ubyte")
            try write(idx([1], [2]), to: "\(root)/t10k-labels-idx1-ubyte")
            let splits = try LabeledData.open(root, validation: .nowhere)
            #expect(splits.classNames == ["0", "1", "2"])
            #expect(try splits.train.image(1).pixels == [4, 5, 6, 7])
            #expect(try (0..<3).map { try splits.train.label($0) } == [1, 0, 2])
            #expect(try splits.test?.label(0) == 2)
            try write(idx([1], [3]), to: "\(root)/t10k-labels-idx1-ubyte")
            #expect(
                message { _ = try LabeledData.open(root) }.contains(
                    "t10k-labels-idx1-ubyte: label 3 of image 0 is out of range"))
            try write(idx([2], [1, 0]), to: "\(root)/train-labels-idx1-ubyte")
            #expect(message { _ = try LabeledData.open(root) }.contains("the file holds 2 labels for the 3 images of"))
        }
    }

    @Test func everyTruncationAndDamageOfIdxFilesIsAnError() throws {
        try withTemporaryFolder { root in
            let images = idx([3, 2, 2], (0..<12).map { $0 })
            let labels = idx([3], [1, 0, 2])
            try write(labels, to: "\(root)/train-labels-idx1-ubyte")
            let path = "\(root)/train-images-idx3-ubyte"
            for length in 0..<images.count {
                try write(Array(images[..<length]), to: path)
                #expect(message { _ = try LabeledData.open(root) }.hasPrefix("\(path): "), "length \(length)")
            }
            try write(images + [0], to: path)
            #expect(
                message { _ = try LabeledData.open(root) }.contains("asks for 28 bytes, the file holds more than that"))
            try write([0, 0, 9] + images.dropFirst(3), to: path)
            #expect(
                message { _ = try LabeledData.open(root) }.contains("the magic number is 00000903, expected 00000803"))
            for position in 0..<16 {
                for value in [UInt8(0), 1, 127, 255] {
                    var damaged = images
                    damaged[position] = value
                    try write(damaged, to: path)
                    if damaged != images { #expect(message { _ = try LabeledData.open(root) } != "") }
                }
            }
            let packed = storedGzip(images)
            for length in 0..<packed.count - 8 {
                try write(Array(packed[..<length]), to: path + ".gz")
                #expect(message { _ = try gunzipped(path + ".gz", limit: 1000) } != "", "length \(length)")
            }
        }
    }

    /// `bytes` as a gzip file of one stored block.
    func storedGzip(_ bytes: [UInt8]) -> [UInt8] {
        var crc: UInt32 = .max
        for byte in bytes {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xedb8_8320 : crc >> 1 }
        }
        var file: [UInt8] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255, 1]
        func append(_ value: UInt32, bytes count: Int) {
            for i in 0..<count { file.append(UInt8(truncatingIfNeeded: value >> UInt32(8 * i))) }
        }
        let length = UInt32(bytes.count)
        append(length, bytes: 2)
        append(~length, bytes: 2)
        file += bytes
        append(~crc, bytes: 4)
        append(length, bytes: 4)
        return file
    }

    @Test func filesHeldInMemoryHaveALimit() throws {
        try withTemporaryFolder { root in
            // Sparse: nothing of it is on the disk.
            let path = "\(root)/x/train.bin"
            try write([], to: path)
            #expect(truncate(path, 3074 * 3_000_000) == 0)
            #expect(
                message { _ = try LabeledData.open("\(root)/x") }.contains(
                    "data.packedMegabytes allows 768 more of its 768")
            )
            try write(idx([1 << 24, 1, 1], []), to: "\(root)/y/train-images-idx3-ubyte")
            try write(idx([1 << 24], []), to: "\(root)/y/train-labels-idx1-ubyte")
            #expect(
                message { _ = try LabeledData.open("\(root)/y") }.contains("the file holds 16777216 images of 1 bytes"))
            // What a header promises is nothing that is allocated for.
            #expect(
                message { _ = try LabeledData.open("\(root)/y", packedMegabytes: 4000) }.contains(
                    "the header asks for 16777232 bytes, the file holds 16"))
            let images = idx([2, 1, 1], [7, 9])
            try write(storedGzip(images) + storedGzip([1, 2, 3]), to: "\(root)/z/train-images-idx3-ubyte.gz")
            try write(idx([2], [0, 1]), to: "\(root)/z/train-labels-idx1-ubyte")
            #expect(
                message { _ = try LabeledData.open("\(root)/z") }.contains(
                    "asks for 18 bytes, the file holds more than that"))
            let parts = [Array(images[..<5]), Array(images[5...])]
            try write(parts.flatMap { storedGzip($0) }, to: "\(root)/z/train-images-idx3-ubyte.gz")
            let splits = try LabeledData.open("\(root)/z", validation: .nowhere)
            #expect(try splits.train.image(1).pixels == [9])
            #expect(splits.test == nil)
        }
    }

    @Test func cifarFilesAreReadInterleaved() throws {
        try withTemporaryFolder { root in
            func record(_ label: UInt8) -> [UInt8] {
                var bytes = [label] + [UInt8](repeating: 10, count: 1024)
                bytes += [UInt8](repeating: 20, count: 1024)
                for i in 0..<1024 { bytes.append(UInt8(i % 256)) }
                return bytes
            }
            let folder = "\(root)/cifar-10-batches-bin"
            for i in 1...5 { try write(record(UInt8(i)) + record(9), to: "\(folder)/data_batch_\(i).bin") }
            try write(record(0), to: "\(folder)/test_batch.bin")
            var splits = try LabeledData.open(root, validation: .nowhere)
            #expect(splits.format == "CIFAR-10")
            #expect(splits.train.count == 10)
            #expect(try splits.train.image(0).pixels.prefix(6) == [10, 20, 0, 10, 20, 1])
            #expect(try splits.train.label(2) == 2)
            let names = ["air", "b", "c", "d", "e", "f", "g", "h", "i", "truck"]
            try write(Array((names.joined(separator: "\n") + "\n\n").utf8), to: "\(folder)/batches.meta.txt")
            splits = try LabeledData.open(root)
            #expect(splits.classNames == names)

            try write(record(10), to: "\(folder)/test_batch.bin")
            #expect(
                message { _ = try LabeledData.open(root) }.contains(
                    "test_batch.bin: label 10 of image 0 is out of range, expected 0...9"))
            try write(Array(record(1).dropLast()), to: "\(folder)/data_batch_3.bin")
            #expect(
                message { _ = try LabeledData.open(root) }.contains(
                    "data_batch_3.bin: the file has 3072 bytes, expected a multiple of 3073"))
        }
    }

    @Test func cifar100UsesTheFineLabel() throws {
        try withTemporaryFolder { root in
            try write([3, 99] + [UInt8](repeating: 7, count: 3072), to: "\(root)/train.bin")
            try write([3, 42] + [UInt8](repeating: 7, count: 3072), to: "\(root)/test.bin")
            let splits = try LabeledData.open(root, validation: .nowhere)
            #expect(splits.classNames.count == 100)
            #expect(try splits.train.label(0) == 99)
            #expect(try splits.test?.label(0) == 42)
        }
    }

    @Test func statisticsAreMeanAndDeviationOfThePixels() throws {
        let images = [0, 51, 102, 255].map { value in
            Image(width: 2, height: 1, channels: 3, pixels: [UInt8(value), 10, 0, UInt8(value), 20, 0])
        }
        let data = InMemoryDataset(classNames: ["a"], images: images, labels: [0, 0, 0, 0], source: "test")
        let found = try Normalization.measured(on: data, width: 2, height: 1, channels: 3)
        // Means 102, 15, 0; deviations sqrt(9103.5), 5 and none.
        #expect(found.mean == [0.4, 0.0588, 0])
        #expect(found.deviation == [0.3742, 0.0196, 1])
        #expect(try ImageShapes(of: data).counts == [ImageShape(width: 2, height: 1, channels: 3): 4])
    }
}
