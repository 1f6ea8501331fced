import Datasets
import Foundation
import Tensors
import Testing

/// Parts, folds and counts of data with masks.
struct MaskPartTests {
    private func names(_ part: (any AnnotatedDataset<Mask>)?) -> Set<String> {
        Set(part.map { part in (0..<part.count).map { part.name($0) } } ?? [])
    }

    @Test func partsAreOpenedAlone() throws {
        try withTemporaryFolder { root in
            try MaskFiles.make("\(root)/a", train: 10, validation: 3, test: 2)
            // Only the part that is asked for is read.
            try write(MaskFiles.mask([77]), to: "\(root)/a/train/labels/im0.png")
            #expect(try SegmentationData.openPart(options("\(root)/a")).dataset.count == 2)
            #expect(try SegmentationData.openPart(options("\(root)/a"), .validation).dataset.count == 3)
            #expect(message { _ = try SegmentationData.openPart(options("\(root)/a"), .train) }.contains("value 77"))
            #expect(message { _ = try SegmentationData.openPart(options("\(root)/a"), .all) }.contains("no part all"))
            try MaskFiles.write(20, "\(root)/b/images", "\(root)/b/labels")
            func three(_ options: inout SegmentationDataOptions) { options.classNames = ["x", "y", "z"] }
            let whole = options("\(root)/b", three)
            let splits = try SegmentationData.open(whole)
            #expect(try names(SegmentationData.openPart(whole).dataset) == names(splits.test))
            #expect(try names(SegmentationData.openPart(whole, .train).dataset) == names(splits.train))
            #expect(try names(SegmentationData.openPart(whole, .validation).dataset) == names(splits.validation))
            #expect(try SegmentationData.openPart(whole, isTrainedOn: false).dataset.count == 20)
            #expect(try SegmentationData.openPart(whole, .all).choice == .all)
            // A folder of one class alone may validate, and the images held out stay the same ones.
            try MaskFiles.write(3, "\(root)/more/images", "\(root)/more/labels", [1])
            var named = whole
            named.validation = .folder("\(root)/more")
            let other = try SegmentationData.open(named)
            #expect(other.validation?.count == 3 && other.train.count == 18)
            #expect(try names(SegmentationData.openPart(named).dataset) == names(other.test))
        }
    }

    @Test func validationComesFromWhereItIsSaid() throws {
        try withTemporaryFolder { root in
            try MaskFiles.make(root, train: 10, validation: 3, test: 2)
            func count(_ source: ValidationSource) throws -> [Int?] {
                let splits = try openMasks(root) { $0.validation = source }
                #expect(names(splits.train).isDisjoint(with: names(splits.validation)))
                return [splits.train.count, splits.validation?.count, splits.test?.count]
            }
            #expect(try count(.automatic) == [10, 3, 2] && count(.folder("val")) == [10, 3, 2])
            #expect(try count(.nowhere) == [10, nil, 2] && count(.fraction(0.2)) == [8, 2, 2])
            #expect(message { _ = try count(.folder("test")) }.contains("this is the test part"))
            #expect(message { _ = try count(.fraction(1)) }.contains("is no fraction"))
            try MaskFiles.write(4, "\(root)/more/images", "\(root)/more/labels", start: 50)
            #expect(try count(.folder("more")) == [10, 4, 2])
        }
    }

    @Test func eachImageIsInOneFold() throws {
        try withTemporaryFolder { root in
            try MaskFiles.make(root, train: 11, validation: 2, test: 4)
            // The names of the parts' images differ.
            try MaskFiles.write(2, "\(root)/val/images", "\(root)/val/labels", start: 100)
            func folded(_ fold: Int?, seed: UInt64 = 0) -> SegmentationDataOptions {
                options(root) { ($0.folds, $0.fold, $0.seed) = (5, fold, seed) }
            }
            let lists = try SegmentationData.folds(folded(nil))
            #expect(lists.map(\.count) == [3, 3, 3, 3, 3] && Set(lists.joined()).count == 15)
            #expect(lists.joined().allSatisfy { $0.hasPrefix("train/images/") || $0.hasPrefix("val/images/") })
            for fold in 1...5 {
                let splits = try SegmentationData.open(folded(fold))
                #expect(names(splits.test) == Set(lists[fold - 1].map { "\(root)/\($0)" }))
                let all = names(splits.train).union(names(splits.validation)).union(names(splits.test))
                #expect(all.count == 15 && splits.train.count == 11 && splits.validation?.count == 1)
                #expect(splits.notices.contains { $0.contains("is not touched while data.folds is used") })
                #expect(try names(SegmentationData.openPart(folded(fold)).dataset) == names(splits.test))
            }
            #expect(try SegmentationData.folds(folded(nil, seed: 1)) != lists)
            #expect(try SegmentationData.folds(folded(nil)) == lists)
            for fold in [nil, 0, 6] {
                #expect(message { _ = try SegmentationData.open(folded(fold)) }.contains("expected 1 to 5"))
            }
            #expect(message { _ = try openMasks(root) { ($0.folds, $0.fold) = (16, 1) } }.contains("expected 2 to 15"))
            #expect(message { _ = try openMasks(root) { $0.fold = 1 } }.contains("without data.folds"))
        }
    }

    @Test func whatMasksHoldIsCounted() throws {
        try withTemporaryFolder { root in
            try MaskFiles.make(root, train: 3, test: 2)
            try write(MaskFiles.mask([0, 0, 255, 1]), to: "\(root)/train/labels/im1.png")
            let splits = try openMasks(root) { $0.validation = .nowhere }
            let scan = try MaskScan(splits.train)
            #expect(scan.classNames == ["sky", "road", "car"] && scan.imageCount == 3)
            #expect(scan.entries.map(\.value) == ["0", "1", "2", "255"])
            #expect(scan.classPixels == [28, 22, 16] && scan.classImages == [3, 3, 2] && scan.ignoredPixels == 6)
            #expect(scan.sizes == [Pair(4, 6): 3])
            let part = SubsetDataset(splits.train, indices: [1])
            #expect(try MaskScan(part).classPixels == [12, 6, 0])
            let scenes = try MaskScan(DigitScenes(.train, count: 20).masks)
            #expect(scenes.entries.count == 11 && scenes.classPixels.reduce(0, +) == 20 * 9216)
        }
    }
}
