import Checkpoints
import JSON
import Layers
import Optim
import Reporting
import RunLayout
import Tasks
import Tensors

/// What is saved so that a run can go on: the flat parameters, the optimizer's arrays, the moving average, the best
/// weights so far and the buffers of each, bit for bit, in one safetensors file; the progress as JSON beside it.
struct RunState {
    let trained: TrainedState
    /// What the data must still be like when the run is resumed.
    let fingerprint: DataFingerprint

    private static let stateFile = "state.safetensors"
    /// A copy of the log, where it is not too long to be copied with every save.
    private static let logFile = RunFiles.metrics
    private static let largestLog = 4 << 20

    /// - Parameters:
    ///   - task: what the task has learnt of its losses.
    ///   - stage: what a longer run keeps of the stage.
    func save(
        _ progress: RunProgress, _ best: BestWeights, log: MetricsLog?, task: JSONValue, stage: JSONValue,
        in states: inout StateStore
    ) throws {
        var tensors = Self.tensors("parameters", trained.store)
        for (name, storage) in trained.optimizer.stateArrays {
            tensors.append(Self.stored("optimizer.\(name)", storage))
        }
        if let average = trained.average { tensors += Self.tensors("average", average.store) }
        if let best = best.store { tensors += Self.tensors("best", best) }
        var position = progress.json
        for member in best.members { position[member.name] = member.value }
        var info: JSONValue = [
            "progress": position, "metricsBytes": .integer(log?.byteLength ?? 0),
            "optimizerSteps": .integer(trained.optimizer.stepCount),
            "averageUpdates": .integer(trained.average?.updateCount ?? 0), "data": fingerprint.json, "task": task,
            "stage": stage,
        ]
        let numbers = trained.optimizer.stateNumbers
        if !numbers.isEmpty {
            info["optimizerNumbers"] = .object(numbers.map { .init($0.name, .number($0.value)) })
        }
        var files: [String: StateFile] = [Self.stateFile: .tensors(SafetensorsFile(tensors: tensors))]
        if let log, log.byteLength <= Self.largestLog, let lines = RegularFile.read(log.path).bytes {
            files[Self.logFile] = .bytes(Array(lines.prefix(log.byteLength)))
        }
        try states.save(files: files, info: info)
    }

    /// What a saved state holds beside the values.
    struct Restored {
        let progress: RunProgress
        let best: BestWeights
        /// Where there is a folder to write to.
        let log: MetricsLog?
        let task: JSONValue
        let warnings: [String]
    }

    /// Takes over a saved state and opens the log where it was then.
    /// - Parameters:
    ///   - metric: what decides between weights.
    ///   - check: refuses a progress that does not fit the run.
    /// - Throws: `CheckpointError` or `RecipeError` when the state belongs to another run.
    func restore(
        _ saved: SavedState, in directory: RunDirectory?, metric: Metric, check: (RunProgress) throws -> Void
    ) throws -> Restored {
        try fingerprint.check(saved.info["data"], path: directory?.path ?? saved.folder)
        let file = try saved.tensors(Self.stateFile)
        guard let position = saved.info["progress"], let progress = RunProgress(position),
            let metricsBytes = saved.info["metricsBytes"]?.countValue,
            let optimizerSteps = saved.info["optimizerSteps"]?.countValue,
            let averageUpdates = saved.info["averageUpdates"]?.countValue,
            BestWeights(position, metric, store: nil) != nil
        else {
            throw CheckpointError(
                directory?.state ?? saved.folder,
                "the saved progress is incomplete or impossible, it was written by another version or is damaged")
        }
        try check(progress)
        let reader = StateReader(file: file, path: directory?.state ?? saved.folder)
        try reader.restore("parameters", trained.store)
        var arrays: [String: [Float]] = [:]
        for (name, storage) in trained.optimizer.stateArrays {
            arrays[name] = try reader.values("optimizer.\(name)", count: storage.count)
        }
        var numbers: [String: Double] = [:]
        for member in saved.info["optimizerNumbers"]?.objectValue ?? [] {
            numbers[member.name] = member.value.doubleValue ?? .nan
        }
        try trained.optimizer.restore(stepCount: optimizerSteps, arrays: arrays, numbers: numbers)
        if let average = trained.average {
            let parameters = try reader.parameters("average", average.store)
            let buffers = try average.store.buffers.indices.map { try reader.buffer("average", $0, average.store) }
            try average.restore(updateCount: averageUpdates, parameters: parameters, buffers: buffers)
        }
        var store: ParameterStore<Float>?
        if file["best"] != nil {
            let copy = trained.store.copy()
            try reader.restore("best", copy)
            store = copy
        }
        let told = try directory.flatMap { try restoreLog(saved, $0, bytes: metricsBytes) }
        let log = try directory.map { try MetricsLog(path: $0.metrics, resumingAt: metricsBytes) }
        return Restored(
            progress: progress, best: BestWeights(position, metric, store: store) ?? BestWeights(metric), log: log,
            task: saved.info["task"] ?? .null, warnings: [told, log?.warning].compactMap { $0 })
    }

    /// Puts the lines that the state knows back into a log that was cut or changed since.
    /// - Returns: what was done, one sentence, or nil.
    private func restoreLog(_ saved: SavedState, _ directory: RunDirectory, bytes: Int) throws -> String? {
        guard let lines = saved.files[Self.logFile], lines.count == bytes else { return nil }
        let content = RegularFile.read(directory.metrics)
        if case .refused = content { return nil }
        guard content.bytes.map({ Array($0.prefix(bytes)) }) != lines else { return nil }
        try AtomicFile.write(directory.metrics, lines)
        return "\(directory.metrics): the log was not as it was saved, so it is restored from the saved state"
    }

    private static func tensors(_ name: String, _ store: ParameterStore<Float>) -> [StoredTensor] {
        [stored(name, store.flat)]
            + store.buffers.enumerated().map { i, buffer in
                StoredTensor(name: "\(name).buffer.\(i)", shape: buffer.shape.dimensions, floats: buffer.array)
            }
    }

    private static func stored(_ name: String, _ storage: Storage<Float>) -> StoredTensor {
        let values = Array(UnsafeBufferPointer(start: storage.pointer, count: storage.count))
        return StoredTensor(name: name, shape: [values.count], floats: values)
    }
}
