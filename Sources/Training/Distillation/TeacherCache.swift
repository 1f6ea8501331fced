import Autograd
import Datasets
import Layers
import Tasks
import Tensors

/// What a teacher computes for every image of a data set that is never changed on its way to the model.
struct TeacherCache {
    /// By image: the logits, then the features one after the other.
    private var rows: [[Float]]
    private let shapes: [Shape]

    /// The bytes that the outputs for so many images take.
    static func byteCount(_ teacher: Teacher, images: Int) -> Int {
        let maps = teacher.taps.reduce(0) { $0 + $1.height * $1.width * $1.channels }
        return 4 * images * (teacher.weights.metadata.specification.classes + maps)
    }

    /// Runs the teacher over all images in their own order, so that what is kept does not depend on where a run stands.
    init<Annotation>(_ teacher: Teacher, _ loader: BatchLoader<ImagesOnly<Annotation>>) throws {
        var rows = [[Float]](repeating: [], count: loader.dataset.count)
        var shapes: [Shape] = []
        loader.start(epoch: 0)
        while let batch = try loader.next() {
            let output = teacher(Tensor(batch))
            let tensors = ([output.logits] + output.features).map(\.value)
            shapes = tensors.map { $0.shape.replacing(axis: 0, with: 1) }
            for tensor in tensors {
                let size = tensor.elementCount / batch.count
                tensor.read { values in
                    for (position, index) in batch.indices.enumerated() {
                        rows[index] += UnsafeBufferPointer(start: values + position * size, count: size)
                    }
                }
            }
        }
        self.rows = rows
        self.shapes = shapes
    }

    /// The outputs for a batch.
    func output(_ indices: [Int]) -> ModelOutput<Float> {
        var offset = 0
        let tensors = shapes.map { shape in
            let size = shape.elementCount
            defer { offset += size }
            return Tensor<Float>(shape.replacing(axis: 0, with: indices.count)) { target in
                for (position, index) in indices.enumerated() {
                    rows[index].withUnsafeBufferPointer { row in
                        if let base = row.baseAddress {
                            (target + position * size).initialize(from: base + offset, count: size)
                        }
                    }
                }
            }
        }
        let answers = tensors.map { Variable($0) }
        return ModelOutput(logits: answers[0], features: Array(answers.dropFirst()))
    }
}

extension DistillationRun {
    /// Keeps the teachers' outputs where `pool.cacheMegabytes` allows it and no image is ever changed.
    func fillCaches(_ teachers: [Teacher], _ task: C.Task) throws {
        for teacher in self.teachers where !teachers.contains(where: { $0 === teacher }) { teacher.cache = nil }
        let limit = configuration.pool.cacheMegabytes
        guard limit > 0, !teachers.isEmpty else { return }
        let isFixed =
            data.plan.training.allSatisfy(\.isDeterministic) && data.plan.erasing == nil
            && recipe.data.geometry.objects.mosaic == 0
        guard isFixed, !task.mixesImages else {
            return console.notice(
                "the teachers' outputs are not kept (pool.cacheMegabytes), because training images are changed at random"
            )
        }
        let bytes = teachers.reduce(0) { $0 + TeacherCache.byteCount($1, images: data.splits.train.count) }
        guard bytes <= limit << 20 else {
            return console.notice(
                "the teachers' outputs would take \((bytes >> 20) + 1) MB, more than pool.cacheMegabytes, so they are not kept"
            )
        }
        for teacher in teachers where teacher.cache == nil {
            let options = LoaderOptions(
                batchSize: recipe.training.evaluationBatchSize, threads: recipe.training.loaderThreads, cacheBudget: 0)
            teacher.cache = try TeacherCache(
                teacher,
                BatchLoader(
                    data.splits.train, transform: try Transform(data.plan, mode: .training), collator: ImagesOnly(),
                    options: options))
        }
        console.notice("the teachers' outputs are kept in \((bytes >> 20) + 1) MB")
    }
}
