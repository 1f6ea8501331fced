import Datasets
import Foundation
import Testing

@Suite struct HostilePlanTests {
    private func plan(
        width: Int = 8, height: Int = 8, mean: Float = 0.5, deviation: Float = 0.25, steps: [TransformStep] = []
    ) -> TransformPlan {
        TransformPlan(
            width: width, height: height, channels: 1, training: [], evaluation: steps,
            normalization: Normalization(mean: [mean], deviation: [deviation]))
    }

    @Test func inputsAndStepsHaveBounds() {
        #expect(plan().problem == nil)
        #expect(plan(width: 4096, height: 4096).problem == nil)
        for (width, height) in [(8193, 8), (8192, 8192), (.max, .max), (0, 8), (8, -1)] {
            #expect(plan(width: width, height: height).problem != nil, "\(width)x\(height)")
        }
        for value in [Float.nan, .infinity, 0, -1, .leastNonzeroMagnitude, 1e30] {
            #expect(plan(deviation: value).problem != nil)
        }
        for value in [Float.nan, .infinity, 1e30] { #expect(plan(mean: value).problem != nil) }
        #expect(plan(steps: [.fit(width: 16_384, height: 16_384, filter: .bilinear)]).problem != nil)
        #expect(plan(steps: [.resize(width: .max, height: .max, filter: .bilinear)]).problem != nil)
        #expect(plan(steps: Array(repeating: .horizontalFlip(probability: 1), count: 65)).problem != nil)
    }

    /// A line of pixels whose shorter side is grown to a large length would be sixty times as long.
    @Test func aLineOfPixelsDoesNotGrowWithoutBound() throws {
        let line = Image(width: 200, height: 1, channels: 1, pixels: Array(repeating: 100, count: 200))
        for step: TransformStep in [
            .resizeShorterSide(to: 8192, filter: .bilinear), .fit(width: 4096, height: 4096, filter: .bilinear),
        ] {
            let transform = try Transform(plan(steps: [step]), mode: .evaluation)
            #expect(transform(line).allSatisfy { abs($0 - (100.0 / 255 - 0.5) / 0.25) < 1e-4 })
        }
    }

    /// Where the system grants no thread, batches are made when they are asked for; in a process of its own.
    @Test func aLoaderWithoutThreadsStillGivesBatches() async {
        await #expect(processExitsWith: .success) {
            #if os(Linux)
                let data = try #require(try LabeledData.open("digits").test)
                let plan = TransformPlan(
                    width: 8, height: 8, channels: 1, training: [], evaluation: [],
                    normalization: Normalization(mean: [0.5], deviation: [0.25]))
                let loader = BatchLoader(
                    data, transform: try Transform(plan, mode: .evaluation), collator: PlainCollator(),
                    options: LoaderOptions(batchSize: 64, threads: 4))
                var limit = rlimit(rlim_cur: 1, rlim_max: 1)
                try #require(setrlimit(__rlimit_resource_t(6), &limit) == 0)  // RLIMIT_NPROC
                if getuid() == 0 { try #require(setuid(65_534) == 0) }
                var images = 0
                loader.start(epoch: 0)
                while let batch = try loader.next() { images += batch.count }
                #expect(images == data.count)
                #expect(loader.missingThreads == 4)
                loader.stop()
            #endif
        }
    }
}
