import Datasets
import Foundation
import Tensors
import Testing

/// Folders of images and masks: layouts, values and classes.
struct MaskFolderTests {
    private func counts(_ splits: DatasetSplits<Mask>) -> [Int?] {
        [splits.train.count, splits.validation?.count, splits.test?.count]
    }

    @Test func partsOfTheUsualLayoutsAreFound() throws {
        try withTemporaryFolder { root in
            try MaskFiles.make("\(root)/a", train: 10, validation: 3, test: 2)
            #expect(try counts(openMasks("\(root)/a")) == [10, 3, 2])
            #expect(try openMasks("\(root)/a").classNames == ["sky", "road", "car"])
            // ADE20K: the parts below each of the two folders.
            try MaskFiles.write(6, "\(root)/b/images/training", "\(root)/b/annotations/training")
            try MaskFiles.write(2, "\(root)/b/images/validation", "\(root)/b/annotations/validation")
            func named(_ options: inout SegmentationDataOptions) { options.classNames = ["x", "y", "z"] }
            #expect(try counts(openMasks("\(root)/b", named)) == [6, 2, nil])
            // CamVid: masks beside the images' folders.
            for (part, count) in [("train", 5), ("val", 2), ("test", 3)] {
                try MaskFiles.write(count, "\(root)/c/\(part)", "\(root)/c/\(part)annot")
            }
            #expect(try counts(openMasks("\(root)/c", named)) == [5, 2, 3])
            // No parts at all, below a folder of an archive; the masks' names say what they are.
            try MaskFiles.write(20, "\(root)/d/pack/images", "\(root)/d/pack/masks", ending: "_mask.png")
            let whole = try openMasks("\(root)/d", named)
            #expect(counts(whole) == [16, 2, 2])
            #expect(whole.notices.contains { $0.contains("2 of its 20 images (a tenth) are held out") })
            #expect(
                try counts(
                    openMasks("\(root)/d") {
                        named(&$0)
                        $0.seed = 9
                    }) == [16, 2, 2])
            let other = try openMasks("\(root)/d") {
                named(&$0)
                $0.seed = 9
            }
            let (first, second) = (try #require(whole.test), try #require(other.test))
            #expect((0..<2).allSatisfy { first.name($0) == second.name($0) })
        }
    }

    @Test func imagesAndMasksBelongTogether() throws {
        try withTemporaryFolder { root in
            for index in 0..<12 {
                let folder = index % 2 == 0 ? "" : "deep/"
                try write(
                    MaskFiles.png(Pair(2, 3), Array(repeating: 10 * index, count: 6)),
                    to: "\(root)/images/\(folder)\(index).png")
                try write(
                    MaskFiles.mask([index % 3, (index + 1) % 3], Pair(2, 3)), to: "\(root)/labels/\(folder)\(index).png"
                )
            }
            let splits = try openMasks(root) { $0.classNames = ["a", "b", "c"] }
            for part in [splits.train, splits.validation, splits.test].compactMap({ $0 }) {
                for index in 0..<part.count {
                    let number = Int(try part.image(index).pixels[0]) / 10
                    let mask = try part.annotation(index)
                    #expect(Array(mask.labels.prefix(2)) == [UInt8(number % 3), UInt8((number + 1) % 3)])
                    #expect(mask.size == Pair(2, 3) && mask.ignored == 255)
                }
            }
        }
    }

    @Test func valuesAreReadAsTheyAreStored() throws {
        let size = Pair(3, 5)
        for bits in [1, 2, 4, 8, 16] {
            let values = (0..<15).map { bits == 16 ? 4000 * $0 : $0 % (1 << bits) }
            let gray = try storedLabels(MaskFiles.png(size, values, bits: bits), name: "x")
            #expect(gray.size == size && gray.values == values.map { UInt32($0) }, "\(bits) bits")
            guard bits <= 8 else { continue }
            let palette = (0..<1 << bits).map { [UInt8(255 - $0), UInt8($0 % 7), 9] }
            let file = MaskFiles.png(size, values, bits: bits, colour: 3, palette: palette)
            #expect(try storedLabels(file, name: "x").values == values.map { UInt32($0) }, "palette of \(bits) bits")
            let colors = values.map { (value: Int) -> UInt32 in UInt32((255 - value) << 16 + (value % 7) << 8 + 9) }
            #expect(try storedLabels(file, name: "x", inColor: true).values == colors)
        }
        let withAlpha = MaskFiles.png(size, (0..<30).map { $0 % 2 == 0 ? $0 / 2 : 0 }, colour: 4)
        #expect(try storedLabels(withAlpha, name: "x").values == (0..<15).map { UInt32($0) })
        let turned = try storedLabels(MaskFiles.png(size, Array(0..<15), orientation: 6), name: "x")
        #expect(turned.size == Pair(5, 3) && Array(turned.values.prefix(3)) == [10, 5, 0])
        #expect(message { _ = try storedLabels(Golden.file("rgb.png"), name: "x") }.contains("data.colors"))
        #expect(message { _ = try storedLabels(SmallFiles.gif, name: "x.gif") }.contains("save the masks as PNG"))
        let whole = MaskFiles.mask([1, 2])
        for length in stride(from: 0, to: whole.count, by: 3) {
            #expect(!message { _ = try storedLabels(Array(whole[..<length]), name: "x") }.isEmpty)
        }
    }

    @Test func classesHaveTheValuesThatAreSaid() throws {
        try withTemporaryFolder { root in
            func labels(_ values: [Int], bits: Int = 8, _ change: (inout SegmentationDataOptions) -> Void) throws
                -> [UInt8]
            {
                try? FileManager.default.removeItem(atPath: "\(root)/labels")
                for index in 0..<3 {
                    try write(MaskFiles.image(), to: "\(root)/images/\(index).png")
                    try write(MaskFiles.mask(values, bits: bits), to: "\(root)/labels/\(index).png")
                }
                return Array(try openMasks(root, change).train.annotation(0).labels.prefix(values.count))
            }
            #expect(try labels([0, 1, 2, 255]) { $0.classNames = ["a", "b", "c"] } == [0, 1, 2, 255])
            // ADE20K's way: nothing is subtracted from 0.
            let shifted = try labels([0, 1, 2, 3]) {
                $0.classNames = ["a", "b", "c"]
                ($0.ignore, $0.firstLabel) = ([0], 1)
            }
            #expect(shifted == [255, 0, 1, 2])
            #expect(try labels([0, 255]) { $0.labelValues = [0, 255] } == [0, 1])
            #expect(
                try labels([1000, 7, 65535], bits: 16) { ($0.labelValues, $0.ignore) = ([7, 1000], [65535]) } == [
                    1, 0, 255,
                ])
            try write(Array("7: road\n3: sky\n255 ignore\n9 ignore\n".utf8), to: "\(root)/classes.txt")
            #expect(try labels([3, 7, 9, 255]) { _ in } == [0, 1, 255, 255])
            #expect(try openMasks(root).classNames == ["sky", "road"])
            try write(Array("sky\nroad 66\n".utf8), to: "\(root)/classes.txt")
            #expect(try labels([0, 1]) { _ in } == [0, 1])
            #expect(try openMasks(root).classNames == ["sky", "road 66"])
        }
    }

    @Test func theTableOfADE20KIsRead() throws {
        try withTemporaryFolder { root in
            let table =
                "Idx\tRatio\tTrain\tVal\tStuff\tName\n1\t0.15\t11\t1\t1\twall\n2\t0.1\t6\t1\t1\tscreen, sieve\n"
                + "3\t0.09\t8\t1\t1\tscreen, silver screen\n"
            try write(Array(table.utf8), to: "\(root)/pack/objectInfo150.txt")
            for part in ["training", "validation"] {
                try MaskFiles.write(4, "\(root)/pack/images/\(part)", "\(root)/pack/annotations/\(part)", [0, 1, 2, 3])
            }
            let splits = try openMasks(root)
            #expect(splits.classNames == ["wall", "screen, sieve", "screen, silver screen"])
            #expect(try splits.train.annotation(0).labels.prefix(4) == [255, 0, 1, 2])
            let said = try openMasks(root) { ($0.ignore, $0.firstLabel) = ([0], 1) }
            #expect(try said.train.annotation(0) == splits.train.annotation(0))
        }
    }

    @Test func colorsStandForClassesInOrder() throws {
        try withTemporaryFolder { root in
            let colors: [[UInt8]] = [[0, 0, 0], [128, 64, 0]]
            for index in 0..<3 {
                try write(MaskFiles.image(Pair(1, 3)), to: "\(root)/images/\(index).png")
                let pixels = [128, 64, 0, 0, 0, 0, 255, 255, 255]
                try write(MaskFiles.png(Pair(1, 3), pixels, colour: 2), to: "\(root)/labels/\(index).png")
            }
            let splits = try openMasks(root) { $0.colors = colors }
            #expect(try splits.train.annotation(0).labels == [1, 0, 255])
            #expect(splits.classNames == ["#000000", "#804000"])
            let palette = MaskFiles.png(Pair(1, 3), [1, 0, 1], colour: 3, palette: [[0, 0, 0], [128, 64, 0]])
            try write(palette, to: "\(root)/labels/0.png")
            try write(MaskFiles.png(Pair(1, 3), [128, 64, 0, 1, 2, 3, 1, 2, 3], colour: 2), to: "\(root)/labels/2.png")
            let problem = message { _ = try openMasks(root) { $0.colors = colors } }
            #expect(
                problem.hasPrefix("\(root)/labels/2.png: the color #010203 (2 pixels) stands for no class"),
                "\(problem)")
            #expect(problem.contains("expected #000000, #804000 and #FFFFFF (ignored)"))
            let plain = message { _ = try openMasks(root) { $0.classNames = ["a", "b"] } }
            #expect(
                plain.hasPrefix("\(root)/labels/1.png: this mask is a color image") && plain.contains("data.colors"))
        }
    }

    @Test func aMaskIsDecodedOnceWhileThereIsRoom() throws {
        try withTemporaryFolder { root in
            try MaskFiles.make(root, train: 6, test: 2)
            let (kept, read) = (
                try openMasks(root) { $0.validation = .nowhere },
                try openMasks(root) { ($0.validation, $0.packedMegabytes) = (.nowhere, 0) }
            )
            let before = try (0..<6).map { try read.train.annotation($0) }
            #expect(try (0..<6).map { try kept.train.annotation($0) } == before)
            try FileManager.default.removeItem(atPath: "\(root)/train/labels/im0.png")
            try write(MaskFiles.mask([2, 2, 7]), to: "\(root)/train/labels/im1.png")
            #expect(try (0..<6).map { try kept.train.annotation($0) } == before)
            #expect(message { _ = try read.train.annotation(0) }.contains("im0.png: the file cannot be opened"))
            #expect(message { _ = try read.train.annotation(1) }.contains("changed while it was in use"))
        }
    }

    @Test func scenesAreAWord() throws {
        let splits = try openMasks("scenes")
        #expect(counts(splits) == [2000, 200, 500] && splits.classNames.count == 11)
        #expect(splits.attribution?.contains("Alpaydin") == true)
        #expect(try counts(openMasks("scenes") { $0.validation = .fraction(0.1) }) == [1800, 200, 500])
        let part = try SegmentationData.openPart(options("scenes"))
        #expect(part.dataset.count == 500 && part.choice == .test)
    }
}
