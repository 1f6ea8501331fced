import Autograd
import Datasets
import Layers
import Tasks
import Tensors

/// What a teacher computes for every image of a data set that is never changed on its way to the model.
struct TeacherCache {
    /// By image: the answer, where there is one, then the features one after the other.
    private var rows: [[Float]]
    private let shapes: [Shape]
    /// How many of the shapes are the answer's; nil where it was not asked for.
    private let answers: Int?

    /// The bytes that the outputs for so many images take.
    static func byteCount(_ teacher: Teacher, images: Int, answers: Bool) -> Int {
        let maps = teacher.taps.reduce(0) { $0 + $1.height * $1.width * $1.channels }
        return 4 * images * ((answers ? teacher.weights.metadata.specification.classes : 0) + maps)
    }

    /// Runs the teacher over all images in their own order, so that what is kept does not depend on where a run stands.
    init<Annotation>(_ teacher: Teacher, _ loader: BatchLoader<ImagesOnly<Annotation>>, answers: Bool) throws {
        var count: Int?
        var rows = [[Float]](repeating: [], count: loader.dataset.count)
        var shapes: [Shape] = []
        loader.start(epoch: 0)
        while let batch = try loader.next() {
            let lesson = teacher(Tensor(batch), answers: answers)
            let tensors = ((lesson.answer ?? []) + lesson.features).map(\.value)
            count = lesson.answer?.count
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
        self.answers = count
    }

    /// The outputs for a batch.
    func lesson(_ indices: [Int]) -> Lesson {
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
        let constants = tensors.map { Variable($0) }
        return Lesson(
            answer: answers.map { Array(constants.prefix($0)) }, features: Array(constants.dropFirst(answers ?? 0)))
    }
}

extension DistillationRun {
    /// Keeps the teachers' outputs where `pool.cacheMegabytes` allows it and no image is ever changed.
    /// - Parameter answers: whether what their heads say is wanted, too.
    func fillCaches(_ teachers: [Teacher], _ task: C.Task, answers: Bool) throws {
        for teacher in self.teachers where !teachers.contains(where: { $0 === teacher }) { teacher.cache = nil }
        let limit = configuration.pool.cacheMegabytes
        guard limit > 0, !teachers.isEmpty else { return }
        guard teachers.allSatisfy(\.views.isEmpty) else {
            return console.notice(
                "the teachers' outputs are not kept (pool.cacheMegabytes), because teachers see images at a size of their own"
            )
        }
        let isFixed =
            data.plan.training.allSatisfy(\.isDeterministic) && data.plan.erasing == nil
            && recipe.data.geometry.objects.mosaic == 0
        guard isFixed, !task.mixesImages else {
            return console.notice(
                "the teachers' outputs are not kept (pool.cacheMegabytes), because training images are changed at random"
            )
        }
        guard !data.trims, C.answersAreAlike || !answers else {
            return console.notice(
                "the teachers' outputs are not kept (pool.cacheMegabytes), because "
                    + (answers ? "those of detectors' heads are many" : "batches are cut to what their images need"))
        }
        let bytes = teachers.reduce(0) {
            $0 + TeacherCache.byteCount($1, images: data.splits.train.count, answers: answers)
        }
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
                    options: options), answers: answers)
        }
        console.notice("the teachers' outputs are kept in \((bytes >> 20) + 1) MB")
    }
}
