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
        var targets: PlainLabels

        init(_ batch: Batch<PlainLabels>) {
            index = batch.images.index
            indices = batch.indices
            images = Array(batch.images.pixels)
            targets = batch.targets
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
        _ data: any LabeledDataset, batchSize: Int = 16, threads: Int, dropsLast: Bool = false,
        cacheBudget: Int = 1 << 30
    ) throws -> BatchLoader<PlainCollator> {
        BatchLoader(
            data, transform: try Transform(plan(), mode: .training), collator: PlainCollator(),
            options: LoaderOptions(
                batchSize: batchSize, seed: 5, shuffles: true, dropsLast: dropsLast, threads: threads,
                cacheBudget: cacheBudget))
    }

    private func epoch(_ loader: BatchLoader<PlainCollator>, _ epoch: Int, at start: Int = 0) throws -> [Content] {
        loader.start(epoch: epoch, at: start)
        var contents: [Content] = []
        while let batch = try loader.next() { contents.append(Content(batch)) }
        return contents
    }

    private func digits(_ count: Int) throws -> SubsetDataset<ClassLabel> {
        SubsetDataset(try #require(LabeledData.open("digits").test), indices: Array(0..<count))
    }

    @Test func batchesDoNotDependOnThreadsOrCache() throws {
        let data = try digits(100)
        let reference = try loader(data, threads: 0)
        let expected = try [epoch(reference, 0), epoch(reference, 1)]
        #expect(expected[0].count == 7)
        #expect(expected[0] != expected[1])
        for threads in [1, 2, 4] {
            for budget in [1 << 30, 20_000, 0] {
                let other = try loader(data, threads: threads, cacheBudget: budget)
                #expect(try [epoch(other, 0), epoch(other, 1)] == expected)
            }
        }
    }

    @Test func everyEpochAndBatchDrawsItsOwnNumbers() throws {
        let data = InMemoryDataset(
            classNames: ["a", "b"], images: Array(repeating: Golden.image("source"), count: 8),
            labels: [0, 0, 1, 1, 0, 0, 1, 1], source: "test")
        let loader = BatchLoader(
            data, transform: try Transform(plan(), mode: .training), collator: PlainCollator(),
            options: LoaderOptions(batchSize: 4))
        let first = try epoch(loader, 0)
        let second = try epoch(loader, 1)
        // The same images in the same order: only the random steps differ.
        #expect(first[0].indices == second[0].indices)
        #expect(first[0].images != second[0].images)
        #expect(Set((first + second).map(\.targets.draw)).count == 4)
        let plain = BatchLoader(
            data, transform: try Transform(plan(), mode: .training), collator: PlainCollator(),
            options: LoaderOptions(batchSize: 8))
        let size = 12 * 12 * 3
        let images = try epoch(plain, 0)[0].images
        #expect(Set((0..<8).map { Array(images[$0 * size..<($0 + 1) * size]) }).count == 8)
        #expect(try epoch(plain, 1)[0].images != images)
    }

    @Test func anEpochContinuesFromItsMiddle() throws {
        let data = try digits(100)
        let whole = try epoch(loader(data, threads: 2), 3)
        for start in 0...7 {
            let rest = try epoch(loader(data, threads: 3), 3, at: start)
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
            data, transform: try Transform(plan(), mode: .evaluation), collator: PlainCollator(),
            options: LoaderOptions(batchSize: 8, threads: 2))
        let batches = try epoch(loader, 0)
        #expect(batches.flatMap(\.indices) == Array(0..<20))
        #expect(try batches.flatMap(\.targets.classes) == (0..<20).map { try data.label($0) })
        // The image alone, through the same transform.
        let transform = try Transform(plan(), mode: .evaluation)
        #expect(try batches[0].images.prefix(transform.valueCount).elementsEqual(transform(data.image(0))))
    }

    @Test func memoryIsUsedAgainUnlessTheBatchIsHeld() throws {
        let loader = try loader(digits(160), threads: 1)
        var addresses: Set<UnsafePointer<Float>> = []
        for number in 0..<3 {
            loader.start(epoch: number)
            while let batch = try loader.next() { addresses.insert(batch.images.pixels.baseAddress!) }
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
                    data, transform: try Transform(plan(), mode: .evaluation), collator: PlainCollator(),
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
                data, transform: try Transform(plan(), mode: .evaluation), collator: PlainCollator(),
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
    private final class Probe: AnnotatedDataset, @unchecked Sendable {
        private let lock = NSLock()
        private var counter = 0
        var reads: Int { lock.withLock { counter } }
        let classNames = ["only"]
        let count = 1000
        func annotation(_ index: Int) -> ClassLabel { ClassLabel(0) }
        func name(_ index: Int) -> String { "probe" }
        func image(_ index: Int) throws -> Image {
            lock.withLock { counter += 1 }
            return Image(width: 4, height: 4, channels: 1, pixels: Array(repeating: 1, count: 16))
        }
    }

    @Test func imagesAreDecodedOnce() throws {
        let data = Probe()
        let loader = BatchLoader(
            data, transform: try Transform(plan(), mode: .training), collator: PlainCollator(),
            options: LoaderOptions(batchSize: 50, shuffles: true, threads: 4))
        for number in 0..<3 { _ = try epoch(loader, number) }
        #expect(data.reads == 1000)
    }
}
