// Benchmark: how long a training step takes, and which operations take it.

import Autograd
import Datasets
import Reporting
import Tasks
import Tensors

/// Times whole training steps (forward, backward, clip, optimizer) and inference of a recipe's model on random images.
package struct StepBenchmark {
    /// Seconds of repeated runs.
    package struct Times: Sendable {
        package let median: Double
        package let lowerQuartile: Double
        package let upperQuartile: Double

        init(_ seconds: [Double]) {
            let sorted = seconds.sorted()
            func quantile(_ q: Double) -> Double { sorted[min(sorted.count - 1, Int(q * Double(sorted.count)))] }
            (median, lowerQuartile, upperQuartile) = (quantile(0.5), quantile(0.25), quantile(0.75))
        }
    }

    package struct Result: Sendable {
        package var batch = 0
        package var threads = 0
        /// That the model tells apart.
        package var classes = 0
        package var parameters = 0
        /// Of one image, forward.
        package var multiplyAdds = 0
        /// `nil` when only inference was timed.
        package var training: Times?
        package var inference = Times([0])
        /// Floating-point operations a second that the machine's multiply-adds reach.
        package var peakRate = 0.0
        package var peakMemoryMB = 0.0
        package var poolBytes = 0
        package var operations: [(operation: Operation, entry: OperationProfile.Entry)] = []
        package var profiledSteps = 0
        /// Of a training step, where the model has a neck or a head of its own.
        package var parts: StepParts?
        /// Reading objects out of an answer, every candidate looked at; nil for what finds none.
        package var reading: Times?
        /// Reading, decoding and changing the images of a batch on one thread, for what finds objects; nil where the data cannot
        /// be opened.
        package var data: Times?
        /// Why it cannot.
        package var dataProblem: String?

        /// A step costs three times the forward pass, at two operations for each multiply-add.
        package var trainingRate: Double {
            training.map { 6 * Double(multiplyAdds) * Double(batch) / $0.median } ?? 0
        }
        package var inferenceRate: Double { 2 * Double(multiplyAdds) * Double(batch) / inference.median }
    }

    /// - Parameters:
    ///   - trains: false leaves the training steps out, so that peak memory is that of inference.
    ///   - console: where the progress is shown, if anywhere.
    /// - Throws: when the recipe's model cannot be built without the data.
    package static func run(
        _ recipe: Recipe, batch: Int, steps: Int, warmup: Int = 3, trains: Bool = true,
        console: Console? = nil
    ) throws -> Result {
        let profiled = min(steps, 5)
        let progress = console.map {
            WorkProgress($0, "step", of: 2 * (warmup + steps) + (trains ? profiled : -warmup - steps))
        }
        defer { progress?.finish() }
        func count() throws {
            progress?.add()
            try StopRequest.check("nothing was measured; fewer --steps or a smaller --batch take less time")
        }
        let step = try BenchmarkStep(recipe, batch: batch, trains: trains)
        var result = Result()
        result.batch = batch
        result.threads = ThreadPool.shared.threads
        result.classes = step.model.classes
        result.parameters = step.model.parameters.parameterCount
        result.multiplyAdds = step.multiplyAdds
        result.peakRate = measuredPeakRate(clock: MonotonicClock.seconds)
        func train(_ index: Int, _ profile: OperationProfile? = nil) throws -> Double {
            let seconds = try step(index, profile)
            try count()
            return seconds
        }
        if trains {
            for i in 0..<warmup { _ = try train(i) }
            result.training = Times(try (0..<steps).map { try train(warmup + $0) })
            result.peakMemoryMB = Memory.peakMegabytes()
            result.poolBytes = StoragePool.shared.statistics.bytesHeld
            let specification = recipe.outline.specification
            let hasParts = specification.neck != nil || specification.head != nil
            let profile = OperationProfile(keepsEvents: hasParts, clock: MonotonicClock.seconds)
            result.profiledSteps = profiled
            for i in 0..<profiled { _ = try train(warmup + steps + i, profile) }
            if hasParts { result.parts = StepParts(profile.events, steps: profiled, specification) }
            result.operations = profile.entries.map { ($0, $1) }.sorted {
                $0.1.forwardSeconds + $0.1.backwardSeconds > $1.1.forwardSeconds + $1.1.backwardSeconds
            }
        }
        func infer() throws -> Double {
            let begin = MonotonicClock.seconds()
            step.infer()
            let seconds = MonotonicClock.seconds() - begin
            try count()
            return seconds
        }
        for _ in 0..<warmup { _ = try infer() }
        result.inference = Times(try (0..<steps).map { _ in try infer() })
        if let read = try step.reading() {
            result.reading = Times(
                (0..<min(steps, 5)).map { _ in
                    let begin = MonotonicClock.seconds()
                    read()
                    return MonotonicClock.seconds() - begin
                })
        }
        if trains, let detector = recipe.task as? any DetectorConfiguration {
            func time<C: TaskConfiguration>(_ task: C) throws -> Times {
                try DataBenchmark.run(recipe, task, batch: batch, steps: min(steps, 5))
            }
            do { result.data = try time(detector) } catch let error as DatasetError {
                result.dataProblem = "\(error)"
            } catch let error as RecipeError { result.dataProblem = "\(error)" }
        }
        if !trains {
            result.peakMemoryMB = Memory.peakMegabytes()
            result.poolBytes = StoragePool.shared.statistics.bytesHeld
        }
        // Before and after: another program that takes a core for a moment must not make the machine look slow.
        result.peakRate = max(result.peakRate, measuredPeakRate(clock: MonotonicClock.seconds))
        return result
    }
}
