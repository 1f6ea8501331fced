import Datasets
import Tensors
import Testing

struct RepeatTests {
    private func loader(_ repeats: Int, threads: Int, seed: UInt64 = 5) throws -> BatchLoader<PlainCollator> {
        let digits = SubsetDataset(try #require(LabeledData.open("digits").test), indices: Array(0..<100))
        let plan = TransformPlan(
            width: 8, height: 8, channels: 1,
            training: [.affine(degrees: 30, translate: [0.2, 0.2], scale: [0.8, 1.2], shear: 0)], evaluation: [],
            normalization: Normalization(mean: [0], deviation: [1]))
        var options = LoaderOptions(batchSize: 16, seed: seed, shuffles: true, threads: threads)
        options.repeats = repeats
        return BatchLoader(
            digits, transform: try Transform(plan, mode: .training), collator: PlainCollator(), options: options)
    }

    private func epoch(
        _ loader: BatchLoader<PlainCollator>, _ epoch: Int, at start: Int = 0
    ) throws -> [(indices: [Int], pixels: [Float])] {
        loader.start(epoch: epoch, at: start)
        var batches: [(indices: [Int], pixels: [Float])] = []
        while let batch = try loader.next() { batches.append((batch.indices, Array(batch.images.pixels))) }
        return batches
    }

    @Test func copiesComeInARowAndEachIsAlteredInAnotherWay() throws {
        let batches = try epoch(loader(3, threads: 0), 0)
        let indices = batches.flatMap(\.indices)
        #expect(indices.count == 100 && Set(indices).count == 34)
        for place in stride(from: 0, to: 99, by: 3) { #expect(Set(indices[place..<place + 3]).count == 1) }
        let pixels = batches.flatMap(\.pixels)
        let images = (0..<100).map { Array(pixels[$0 * 64..<$0 * 64 + 64]) }
        #expect(images[0] != images[1] && images[1] != images[2] && images[0] != images[2])
    }

    @Test func theFirstCopyIsTheImageThatComesOnce() throws {
        let (once, often) = (try epoch(loader(1, threads: 0), 2), try epoch(loader(4, threads: 0), 2))
        #expect(often[0].indices[0] == once[0].indices[0] && often[0].indices[4] == once[0].indices[1])
        #expect(Array(often[0].pixels[..<64]) == Array(once[0].pixels[..<64]))
        #expect(Array(often[0].pixels[4 * 64..<5 * 64]) == Array(once[0].pixels[64..<128]))
    }

    @Test func theOrderIsAFunctionOfSeedAndEpochOnAnyNumberOfThreads() throws {
        let expected = try epoch(loader(3, threads: 0), 1)
        let other = try epoch(loader(3, threads: 3), 1)
        #expect(other.map(\.indices) == expected.map(\.indices) && other.map(\.pixels) == expected.map(\.pixels))
        // An epoch that is entered in the middle goes on as it would have.
        let late = try epoch(loader(3, threads: 1), 1, at: 4)
        #expect(late.map(\.pixels) == expected[4...].map(\.pixels))
        #expect(try epoch(loader(3, threads: 0), 2).map(\.indices) != expected.map(\.indices))
        #expect(try epoch(loader(3, threads: 0, seed: 6), 1).map(\.indices) != expected.map(\.indices))
    }

    @Test func overSomeEpochsEveryImageComes() {
        let seen = (0..<20).flatMap { EpochOrder.repeated(count: 30, times: 3, seed: 1, epoch: $0) }
        #expect(Set(seen) == Set(0..<30))
        #expect(EpochOrder.repeated(count: 5, times: 8, seed: 1, epoch: 0).count == 5)
    }
}
