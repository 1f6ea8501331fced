import Datasets
import Reporting
import Tasks

/// Times what it takes to read, decode and change the images of a batch of training, with their targets, on one thread.
enum DataBenchmark {
    /// Seconds of a batch, with nothing kept from one to the next.
    /// - Throws: what opening the data throws.
    static func run<C: TaskConfiguration>(
        _ recipe: Recipe, _ configuration: C, batch: Int, steps: Int
    ) throws -> StepBenchmark.Times {
        var recipe = recipe
        recipe.training.batchSize = batch
        recipe.training.loaderThreads = 0
        recipe.data.cacheMegabytes = 0
        let data = try PreparedData(recipe, configuration)
        let task = try configuration.makeTask(data.vocabulary, training: data.splits.train)
        let loader = try data.loader(data.splits.train, task.collator(training: true), recipe, training: true)
        var (seconds, epoch) = ([Double](), 0)
        loader.start(epoch: epoch)
        while seconds.count < steps {
            let begin = MonotonicClock.seconds()
            guard try loader.next() != nil else {
                epoch += 1
                // Of data without an image nothing can be measured.
                if loader.batchCount == 0 { break }
                loader.start(epoch: epoch)
                continue
            }
            seconds.append(MonotonicClock.seconds() - begin)
            try StopRequest.check("nothing was measured; fewer --steps or a smaller --batch take less time")
        }
        guard !seconds.isEmpty else { throw RecipeError("\(recipe.data.path): there are no training images") }
        return StepBenchmark.Times(seconds)
    }
}
