import Datasets
import Tasks
import Tensors
import Testing

struct MixingTests {
    private func digits(_ count: Int) throws -> SubsetDataset<ClassLabel> {
        SubsetDataset(try #require(LabeledData.open("digits").test), indices: Array(0..<count))
    }

    private func loader(
        _ data: any LabeledDataset, batchSize: Int, mixing: Mixing, threads: Int = 0
    ) throws -> BatchLoader<LabelCollator> {
        let plan = TransformPlan.small(
            width: 8, height: 8, channels: 1, padding: 1, normalization: Normalization(mean: [0.5], deviation: [0.25]))
        return BatchLoader(
            data, transform: try Transform(plan, mode: .training),
            collator: LabelCollator(classCount: 10, mixing: mixing, smoothing: 0.1),
            options: LoaderOptions(batchSize: batchSize, seed: 5, shuffles: true, threads: threads))
    }

    @Test func tinyMixingParametersGiveWholeNumbersAndImages() throws {
        let data = try digits(100)
        for alpha in [1e-3, 1e-300] {
            for mixing in [Mixing(mixupAlpha: alpha), Mixing(cutmixAlpha: alpha)] {
                let loader = try loader(data, batchSize: 2, mixing: mixing)
                for index in 0..<20 {
                    loader.start(epoch: index)
                    while let batch = try loader.next() {
                        let isFinite = batch.images.pixels.allSatisfy { $0.isFinite }
                        let areShares = batch.targets.shares?.allSatisfy { $0 >= 0 && $0 <= 1 }
                        #expect(isFinite && areShares == true)
                    }
                }
            }
        }
    }

    @Test func mixedBatchesDoNotDependOnThreads() throws {
        let data = try digits(100)
        func contents(_ threads: Int) throws -> [([Float], [Float]?)] {
            let loader = try loader(
                data, batchSize: 16, mixing: Mixing(mixupAlpha: 0.8, cutmixAlpha: 1), threads: threads)
            loader.start(epoch: 1)
            var found: [([Float], [Float]?)] = []
            while let batch = try loader.next() { found.append((Array(batch.images.pixels), batch.targets.shares)) }
            return found
        }
        let expected = try contents(0)
        #expect(expected.count == 7)
        for threads in [1, 2, 4] {
            for (a, b) in zip(try contents(threads), expected) { #expect(a.0 == b.0 && a.1 == b.1) }
        }
    }

    @Test func partsOfABatchKeepTheirLabelsAndShares() throws {
        let loader = try loader(digits(20), batchSize: 20, mixing: Mixing(mixupAlpha: 1))
        loader.start(epoch: 0)
        let batch = try #require(try loader.next())
        let parts = batch.parts(of: 8)
        #expect(parts.map(\.count) == [8, 8, 4] && parts.map(\.first) == [0, 8, 16])
        #expect(parts.flatMap(\.targets.classes) == batch.targets.classes)
        #expect(parts.flatMap { $0.targets.shares ?? [] } == batch.targets.shares)
        #expect(parts.flatMap { Array($0.images.pixels) } == Array(batch.images.pixels))
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
                collator: LabelCollator(classCount: 8, mixing: mixing, smoothing: 0.1),
                options: LoaderOptions(batchSize: 8, shuffles: true))
            for number in 0..<20 {
                loader.start(epoch: number)
                let batch = try #require(try loader.next())
                let targets = try #require(batch.targets.shares)
                for row in 0..<8 {
                    let target = targets[row * 8..<row * 8 + 8]
                    #expect(abs(target.reduce(0, +) - 1) < 1e-5)
                    // The expected label of the unsmoothed target is the mean pixel.
                    let expected = zip(0..<8, target).reduce(Float(0)) { $0 + Float($1.0) * ($1.1 - 0.0125) / 0.9 }
                    let mean = batch.images.pixels[row * 36..<row * 36 + 36].reduce(0, +) / 36
                    #expect(abs(expected - mean) < 1e-3)
                }
            }
        }
    }

    @Test func mixingHappensAsOftenAsAsked() throws {
        var mixed = 0
        let data = try digits(32)
        let loader = try loader(data, batchSize: 32, mixing: Mixing(mixupAlpha: 1, probability: 0.25))
        for number in 0..<200 {
            loader.start(epoch: number)
            let targets = try #require(try loader.next()?.targets.shares)
            if targets.contains(where: { $0 > 0.011 && $0 < 0.909 }) { mixed += 1 }
        }
        #expect((30...70).contains(mixed))
    }
}
