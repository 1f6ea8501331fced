import Checkpoints
import Configuration
import Foundation
import Layers
import Optim
import Reporting
import Tensors

// What is saved: the flat parameters, the optimizer's arrays, the moving average, the best weights so far and the
// buffers of each, bit for bit, in one safetensors file; the progress as JSON beside it.
extension TrainingRun {
    private static let stateFile = "state.safetensors"

    func saveState() throws {
        var tensors = flatTensors("parameters", store)
        for (name, storage) in step.optimizer.stateArrays { tensors.append(stored("optimizer.\(name)", storage)) }
        if let average = step.average { tensors += flatTensors("average", average.store) }
        if let best { tensors += flatTensors("best", best) }
        let info: JSONValue = [
            "progress": progress.json, "metricsBytes": .integer(log?.byteLength ?? 0),
            "optimizerSteps": .integer(step.optimizer.stepCount),
            "averageUpdates": .integer(step.average?.updateCount ?? 0),
        ]
        try states.save(files: [Self.stateFile: .tensors(SafetensorsFile(tensors: tensors))], info: info)
    }

    /// The summary of a run that has nothing left to do, `nil` when there is something.
    public static func finishedSummary(_ directory: RunDirectory, _ recipe: Recipe) throws -> JSONValue? {
        var states = StateStore(directory: directory.state)
        guard let saved = try? states.load(), let progress = saved.info["progress"].flatMap({ RunProgress($0) }),
            progress.epoch >= recipe.training.epochs || progress.stoppedEarly != nil,
            let text = try? String(contentsOfFile: directory.summary, encoding: .utf8)
        else { return nil }
        return try? JSONValue(parsing: text)
    }

    /// Continues from the newest saved state.
    /// - Returns: false when nothing was saved yet.
    func resume() throws -> Bool {
        guard let saved = try states.load() else { return false }
        for warning in saved.warnings { console.warning(warning) }
        try checkConfiguration()
        let file = try saved.tensors(Self.stateFile)
        guard let progressJSON = saved.info["progress"], let progress = RunProgress(progressJSON),
            let metricsBytes = saved.info["metricsBytes"]?.integerValue,
            let optimizerSteps = saved.info["optimizerSteps"]?.integerValue,
            let averageUpdates = saved.info["averageUpdates"]?.integerValue
        else { throw CheckpointError(directory.state, "the saved progress is incomplete, it was written by another version") }
        try restore("parameters", store, from: file)
        let prefix = "optimizer."
        let arrays = try file.tensors.filter { $0.name.hasPrefix(prefix) }.map {
            (String($0.name.dropFirst(prefix.count)), try $0.floats())
        }
        try step.optimizer.restore(stepCount: optimizerSteps, arrays: Dictionary(uniqueKeysWithValues: arrays))
        if let average = step.average {
            let parameters = try values("average", count: average.store.flat.count, from: file)
            let buffers = try average.store.buffers.enumerated().map {
                try values("average.buffer.\($0)", count: $1.elementCount, from: file)
            }
            try average.restore(updateCount: averageUpdates, parameters: parameters, buffers: buffers)
        }
        if file["best"] != nil {
            let best = store.copy()
            try restore("best", best, from: file)
            self.best = best
        }
        self.progress = progress
        let log = try MetricsLog(path: directory.metrics, resumingAt: metricsBytes)
        if let warning = log.warning { console.warning(warning) }
        self.log = log
        console.notice(
            "continuing \(directory.path) after update \(progress.update) (epoch \(progress.epoch + 1), batch \(progress.batch))")
        return true
    }

    /// Refuses to continue a run under settings that would change its result.
    private func checkConfiguration() throws {
        let saved = try Recipe.load(directory.config)
        var old: [String: String] = [:]
        for entry in saved.entries where entry.kind == .value { old[entry.path] = entry.value }
        let changed = recipe.entries.filter {
            $0.kind == .value && !Recipe.harmless.contains($0.path) && old[$0.path] != $0.value
        }
        guard let first = changed.first else { return }
        let more = changed.count > 1 ? " (and \(changed.count - 1) more)" : ""
        throw RecipeError(
            "\(directory.path): the run was started with \(first.path) = \(old[first.path] ?? "nothing"), but now it is "
                + "\(first.value)\(more); give the same configuration, or start anew with --overwrite")
    }

    private func flatTensors(_ name: String, _ store: ParameterStore<Float>) -> [StoredTensor] {
        var tensors = [stored(name, store.flat)]
        for (i, buffer) in store.buffers.enumerated() {
            tensors.append(StoredTensor(name: "\(name).buffer.\(i)", shape: buffer.shape.dimensions, floats: buffer.array))
        }
        return tensors
    }

    private func stored(_ name: String, _ storage: Storage<Float>) -> StoredTensor {
        let values = Array(UnsafeBufferPointer(start: storage.pointer, count: storage.count))
        return StoredTensor(name: name, shape: [values.count], floats: values)
    }

    private func restore(_ name: String, _ store: ParameterStore<Float>, from file: SafetensorsFile) throws {
        try restore(name, store.flat, from: file)
        for (i, buffer) in store.buffers.enumerated() {
            let values = try values("\(name).buffer.\(i)", count: buffer.elementCount, from: file)
            store.setBuffer(i, Tensor(buffer.shape, values))
        }
    }

    private func restore(_ name: String, _ storage: Storage<Float>, from file: SafetensorsFile) throws {
        let values = try values(name, count: storage.count, from: file)
        values.withUnsafeBufferPointer { source in
            if let base = source.baseAddress { storage.pointer.update(from: base, count: storage.count) }
        }
    }

    private func values(_ name: String, count: Int, from file: SafetensorsFile) throws -> [Float] {
        guard let tensor = file[name], tensor.count == count else {
            throw CheckpointError(
                directory.state, "the saved state has no \(name) of \(count) numbers, so it belongs to another model")
        }
        return try tensor.floats()
    }
}
