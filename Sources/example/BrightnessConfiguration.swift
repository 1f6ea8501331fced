import Configuration
import Datasets
import Tasks
import Tensors

/// What a configuration says about the task, and how its data is opened.
struct BrightnessConfiguration: TaskConfiguration {
    static let name = "brightness"
    static let summary = "one number for each image"

    /// One number, whatever the data.
    let outputs: Int? = 1

    /// The task has no keys of its own; they would be read from `loss` here.
    init(_ reader: ConfigurationReader) { reader.section("loss", "What is minimised") { _ in } }

    func open(_ request: DataRequest) throws -> DatasetSplits<Brightness> {
        let labeled = try LabeledData.open(
            request.path, validation: request.validation, seed: request.seed, onBroken: request.onBroken,
            packedMegabytes: request.packedMegabytes)
        return DatasetSplits(
            train: BrightnessDataset(images: labeled.train),
            validation: labeled.validation.map { BrightnessDataset(images: $0) },
            test: labeled.test.map { BrightnessDataset(images: $0) }, format: labeled.format, notices: labeled.notices,
            attribution: labeled.attribution)
    }

    func makeTask(_ vocabulary: Vocabulary, training: (any AnnotatedDataset<Brightness>)?) -> BrightnessTask {
        BrightnessTask(vocabulary: vocabulary)
    }

    /// The task of weights, for `predict` and `evaluate`.
    static func task(_ vocabulary: Vocabulary) -> BrightnessTask { BrightnessTask(vocabulary: vocabulary) }

    /// Any annotation, for `bench`, which measures speed on random images.
    static func example(
        _ vocabulary: Vocabulary, height: Int, width: Int, _ random: inout Random
    ) -> Brightness { Brightness(value: Float(random.uniform())) }
}
