import Datasets
import Foundation
import Tensors
import Testing

struct LoaderTests {
    /// Everything a batch holds.
    struct Content: Equatable {
        var index: Int
        var indices: [Int]
        var images: [Float]
        var labels: [Int32]
        var targets: [Float]?

        init(_ batch: Batch) {
            index = batch.index
            indices = batch.indices
            images = Array(batch.images)
            labels = Array(batch.labels)
            targets = batch.softTargets.map { Array($0) }
        }
    }

    private func plan(side: Int = 12) -> TransformPlan {
        var plan = TransformPlan.small(
            width: side, height: side, channels: 3, padding: 2,
            normalization: Normalization(mean: [0.5, 0.5, 0.5], deviation: [0.25, 0.25, 0.25]))
        plan.training.append(.colorJitter(brightness: 0.2, contrast: 0.2, saturation: 0.2, hue: 0.05))
        plan.erasing = RandomErasing(probability: 0.3)
        return plan
    }

    private func loader(
        _ data: any ImageDataset, batchSize: Int = 16, threads: Int, mixing: Mixing? = nil, dropsLast: Bool = false,
        cacheBudget: Int = 1 << 30
    ) throws -> BatchLoader {
        BatchLoader(
            data, transform: try Transform(plan(), mode: .training),
            options: LoaderOptions(
                batchSize: batchSize, seed: 5, shuffles: true, dropsLast: dropsLast, threads: threads,
                cacheBudget: cacheBudget, mixing: mixing, smoothing: 0.1))
    }

    private func epoch(_ loader: BatchLoader, _ epoch: Int, at start: Int = 0) throws -> [Content] {
        loader.start(epoch: epoch, at: start)
        var contents: [Content] = []
        while let batch = try loader.next() { contents.append(Content(batch)) }
        return contents
    }

    private func digits(_ count: Int) throws -> SubsetDataset {
        SubsetDataset(try #require(openDataset("digits").test), indices: Array(0..<count))
    }

    @Test func tinyMixingParametersGiveWholeNumbersAndImages() throws {
        let data = try digits(100)
        for alpha in [1e-3, 1e-300] {
            for mixing in [Mixing(mixupAlpha: alpha), Mixing(cutmixAlpha: alpha)] {
                let loader = try loader(data, batchSize: 2, threads: 0, mixing: mixing)
                for index in 0..<20 {
                    loader.start(epoch: index)
                    while let batch = try loader.next() {
                        let isFinite = batch.images.allSatisfy { $0.isFinite }
                        let areShares = batch.softTargets?.allSatisfy { $0 >= 0 && $0 <= 1 }
                        #expect(isFinite && areShares == true)
                    }
                }
            }
        }
    }

    @Test func batchesDoNotDependOnThreadsOrCache() throws {
        let data = try digits(100)
        let mixing = Mixing(mixupAlpha: 0.8, cutmixAlpha: 1)
        let reference = try loader(data, threads: 0, mixing: mixing)
        let expected = try [epoch(reference, 0), epoch(reference, 1)]
        #expect(expected[0].count == 7)
        #expect(expected[0] != expected[1])
        for threads in [1, 2, 4] {
            for budget in [1 << 30, 20_000, 0] {
                let other = try loader(data, threads: threads, mixing: mixing, cacheBudget: budget)
                #expect(try [epoch(other, 0), epoch(other, 1)] == expected)
            }
        }
    }

    @Test func everyEpochAndBatchDrawsItsOwnNumbers() throws {
        let data = InMemoryDataset(
            classNames: ["a", "b"], images: Array(repeating: Golden.image("source"), count: 8),
            labels: [0, 0, 1, 1, 0, 0, 1, 1], source: "test")
        let loader = BatchLoader(
            data, transform: try Transform(plan(), mode: .training),
            options: LoaderOptions(batchSize: 4, mixing: Mixing(mixupAlpha: 1)))
        let first = try epoch(loader, 0)
        let second = try epoch(loader, 1)
        // The same images in the same order: only the random steps differ.
        #expect(first[0].indices == second[0].indices)
        #expect(first[0].images != second[0].images)
        #expect(Set((first + second).map(\.targets)).count == 4)
        let plain = BatchLoader(
            data, transform: try Transform(plan(), mode: .training), options: LoaderOptions(batchSize: 8))
        let size = 12 * 12 * 3
        let images = try epoch(plain, 0)[0].images
        #expect(Set((0..<8).map { Array(images[$0 * size..<($0 + 1) * size]) }).count == 8)
        #expect(try epoch(plain, 1)[0].images != images)
    }

    @Test func anEpochContinuesFromItsMiddle() throws {
        let data = try digits(100)
        let whole = try epoch(loader(data, threads: 2, mixing: Mixing(mixupAlpha: 1)), 3)
        for start in 0...7 {
            let rest = try epoch(loader(data, threads: 3, mixing: Mixing(mixupAlpha: 1)), 3, at: start)
            #expect(rest == Array(whole[start...]))
        }
    }

    @Test func anEpochLeftEarlyDoesNotLeakIntoTheNext() throws {
        let data = try digits(100)
        let loader = try loader(data, threads: 3)
        let expected = try epoch(loader, 1)
        for _ in 0..<50 {
            loader.start(epoch: 0)
            _ = try loader.next()
            #expect(try epoch(loader, 1) == expected)
        }
    }

    @Test func everyImageOfAnEpochComesOnce() throws {
        let data = try digits(50)
        let loader = try loader(data, threads: 2)
        #expect(try epoch(loader, 0).flatMap(\.indices).sorted() == Array(0..<50))
        #expect(loader.batchCount == 4)
        let dropping = try self.loader(data, threads: 2, dropsLast: true)
        #expect(try epoch(dropping, 0).map(\.indices.count) == [16, 16, 16])
        let short = try self.loader(data, batchSize: 64, threads: 2, dropsLast: true)
        #expect(try epoch(short, 0).map(\.indices.count) == [50])
    }

    @Test func evaluationKeepsTheOrderOfTheData() throws {
        let data = try digits(20)
        let loader = BatchLoader(
            data, transform: try Transform(plan(), mode: .evaluation),
            options: LoaderOptions(batchSize: 8, threads: 2))
        let batches = try epoch(loader, 0)
        #expect(batches.flatMap(\.indices) == Array(0..<20))
        #expect(batches.map(\.labels).joined().map(Int.init) == (0..<20).map(data.label))
        #expect(batches.allSatisfy { $0.targets == nil })
        // The image alone, through the same transform.
        let transform = try Transform(plan(), mode: .evaluation)
        #expect(try batches[0].images.prefix(transform.valueCount).elementsEqual(transform(data.image(0))))
    }

    @Test func memoryIsUsedAgainUnlessTheBatchIsHeld() throws {
        let loader = try loader(digits(160), threads: 1)
        var addresses: Set<UnsafePointer<Float>> = []
        for number in 0..<3 {
            loader.start(epoch: number)
            while let batch = try loader.next() { addresses.insert(batch.images.baseAddress!) }
        }
        #expect(addresses.count <= 4)
        loader.start(epoch: 9)
        let held = try #require(try loader.next())
        let before = Content(held)
        while try loader.next() != nil {}
        #expect(Content(held) == before)
    }

    @Test func errorsOfBackgroundThreadsComeOutOfNext() throws {
        try withTemporaryFolder { root in
            for i in 0..<40 { try write(Golden.file("rgb.png"), to: "\(root)/a/\(100 + i).png") }
            try write(Array(Golden.file("rgb.png").dropLast(20)), to: "\(root)/a/120.png")
            let data = try ImageFolder(root)
            for threads in [0, 1, 4] {
                let loader = BatchLoader(
                    data, transform: try Transform(plan(), mode: .evaluation),
                    options: LoaderOptions(batchSize: 8, threads: threads))
                loader.start(epoch: 0)
                for _ in 0..<2 { #expect(try loader.next() != nil) }
                #expect(message { _ = try loader.next() }.hasPrefix("\(root)/a/120.png: the image is truncated"))
                #expect(try loader.next() == nil)
            }
        }
    }

    @Test func threadsEndWithTheLoader() throws {
        let data = Probe()
        for _ in 0..<20 {
            let loader = BatchLoader(
                data, transform: try Transform(plan(), mode: .evaluation),
                options: LoaderOptions(batchSize: 2, threads: 4, cacheBudget: 0))
            loader.start(epoch: 0)
            _ = try loader.next()
        }
        let reads = data.reads
        Thread.sleep(forTimeInterval: 0.05)
        #expect(data.reads == reads)
        #expect(reads > 0)
    }

    /// Counts how often it is read.
    private final class Probe: ImageDataset, @unchecked Sendable {
        private let lock = NSLock()
        private var counter = 0
        var reads: Int { lock.withLock { counter } }
        let classNames = ["only"]
        let count = 1000
        func label(_ index: Int) -> Int { 0 }
        func name(_ index: Int) -> String { "probe" }
        func image(_ index: Int) throws -> Image {
            lock.withLock { counter += 1 }
            return Image(width: 4, height: 4, channels: 1, pixels: Array(repeating: 1, count: 16))
        }
    }

    @Test func imagesAreDecodedOnce() throws {
        let data = Probe()
        let loader = BatchLoader(
            data, transform: try Transform(plan(), mode: .training),
            options: LoaderOptions(batchSize: 50, shuffles: true, threads: 4))
        for number in 0..<3 { _ = try epoch(loader, number) }
        #expect(data.reads == 1000)
    }

    @Test func softTargetsSumToOneAndFollowTheImages() throws {
        // Constant images of value = label, so that the pixels tell the shares.
        let values = (0..<8).map {
            Image(width: 6, height: 6, channels: 1, pixels: Array(repeating: UInt8($0), count: 36))
        }
        let data = InMemoryDataset(
            classNames: (0..<8).map(String.init), images: values, labels: Array(0..<8), source: "test")
        let plan = TransformPlan(
            width: 6, height: 6, channels: 1, training: [], evaluation: [],
            normalization: Normalization(mean: [0], deviation: [1 / 255]))
        for mixing in [
            Mixing(mixupAlpha: 1), Mixing(cutmixAlpha: 1), Mixing(mixupAlpha: 0.8, cutmixAlpha: 1, probability: 0.5),
        ] {
            let loader = BatchLoader(
                data, transform: try Transform(plan, mode: .training),
                options: LoaderOptions(batchSize: 8, shuffles: true, mixing: mixing, smoothing: 0.1))
            for number in 0..<20 {
                loader.start(epoch: number)
                let batch = try #require(try loader.next())
                let targets = try #require(batch.softTargets)
                for row in 0..<8 {
                    let target = targets[row * 8..<row * 8 + 8]
                    #expect(abs(target.reduce(0, +) - 1) < 1e-5)
                    // The expected label of the unsmoothed target is the mean pixel.
                    let expected = zip(0..<8, target).reduce(Float(0)) { $0 + Float($1.0) * ($1.1 - 0.0125) / 0.9 }
                    let mean = batch.images[row * 36..<row * 36 + 36].reduce(0, +) / 36
                    #expect(abs(expected - mean) < 1e-3)
                }
            }
        }
    }

    @Test func mixingHappensAsOftenAsAsked() throws {
        var mixed = 0
        let data = try digits(32)
        let loader = try loader(data, batchSize: 32, threads: 0, mixing: Mixing(mixupAlpha: 1, probability: 0.25))
        for number in 0..<200 {
            loader.start(epoch: number)
            let targets = try #require(try loader.next()?.softTargets)
            if targets.contains(where: { $0 > 0.011 && $0 < 0.909 }) { mixed += 1 }
        }
        #expect((30...70).contains(mixed))
    }
}
