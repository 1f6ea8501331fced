import Checkpoints
import Configuration
import Foundation
import JSON
import Layers
import Optim
import Reporting
import RunLayout
import Tensors

// What is saved: the flat parameters, the optimizer's arrays, the moving average, the best weights so far and the
// buffers of each, bit for bit, in one safetensors file; the progress as JSON beside it.
extension TrainingRun {
    private static let stateFile = "state.safetensors"
    /// A copy of the log, where it is not too long to be copied with every save.
    private static let logFile = "metrics.jsonl"
    private static let largestLog = 4 << 20

    func saveState(_ states: inout StateStore) throws {
        var tensors = flatTensors("parameters", store)
        for (name, storage) in step.optimizer.stateArrays { tensors.append(stored("optimizer.\(name)", storage)) }
        if let average = step.average { tensors += flatTensors("average", average.store) }
        if let best { tensors += flatTensors("best", best) }
        let info: JSONValue = [
            "progress": progress.json, "metricsBytes": .integer(log?.byteLength ?? 0),
            "optimizerSteps": .integer(step.optimizer.stepCount),
            "averageUpdates": .integer(step.average?.updateCount ?? 0), "data": try fingerprint(),
            "task": step.task.state, "stage": info,
        ]
        var files: [String: StateFile] = [Self.stateFile: .tensors(SafetensorsFile(tensors: tensors))]
        if let log, log.byteLength <= Self.largestLog, let lines = RegularFile.read(log.path).bytes {
            files[Self.logFile] = .bytes(Array(lines.prefix(log.byteLength)))
        }
        try states.save(files: files, info: info)
    }

    /// Puts the lines that the state knows back into a log that was cut or changed since.
    private func restoreLog(_ saved: SavedState, _ directory: RunDirectory, bytes: Int) throws {
        guard let lines = saved.files[Self.logFile], lines.count == bytes else { return }
        let content = RegularFile.read(directory.metrics)
        if case .refused = content { return }
        guard content.bytes.map({ Array($0.prefix(bytes)) }) != lines else { return }
        try AtomicFile.write(directory.metrics, lines)
        console.warning("\(directory.metrics): the log was not as it was saved, so it is restored from the saved state")
    }

    /// What the data must still be like when a run is resumed: a run goes on with moved data, but not with other data.
    private func fingerprint() throws -> JSONValue {
        let entries = try metadata.encoded().sorted { $0.key < $1.key }.map {
            JSONValue.Member($0.key, .string($0.value))
        }
        return [
            "training": .integer(data.splits.train.count), "validation": .integer(data.splits.validation?.count ?? 0),
            "test": .integer(data.splits.test?.count ?? 0), "weights": .object(entries),
        ]
    }

    /// A run that has nothing left to do, as far as the folder tells.
    public struct Finished: Sendable {
        /// What `summary.json` holds.
        public let summary: JSONValue
        /// One sentence when the recipe is not the one that the run was made with.
        public let warning: String?
    }

    /// The result of the run in a folder when nothing is left to do, `nil` otherwise; the data is not opened.
    public static func finished(in path: String, _ recipe: Recipe) throws -> Finished? {
        var states = StateStore(directory: path + "/state")
        guard let saved = try? states.load(), let progress = saved.info["progress"].flatMap({ RunProgress($0) }),
            progress.epoch >= recipe.training.epochs || progress.stoppedEarly != nil,
            let text = RegularFile.read(path + "/summary.json").text,
            let summary = try? JSONValue(parsing: text)
        else { return nil }
        return Finished(summary: summary, warning: try difference(recipe, path))
    }

    /// Refuses what `run(in:resuming:)` would refuse about a saved state, and changes nothing.
    /// - Parameter forced: whether a changed configuration is no reason to refuse.
    /// - Returns: what is changed all the same, one sentence, nil where nothing was changed or saved.
    public func checkResumption(in path: String, forced: Bool) throws -> String? {
        var states = StateStore(directory: path + "/state")
        guard let saved = try states.load() else { return nil }
        let difference = try Self.difference(recipe, path)
        if let difference, !forced { throw RecipeError("\(difference); \(Self.differenceAdvice)") }
        try checkData(saved.info["data"], path)
        return difference
    }

    /// Continues from the newest saved state.
    /// - Returns: false when nothing was saved yet.
    /// - Parameter forced: whether to go on with a configuration that would have given other results.
    func resume(_ directory: RunDirectory, _ states: inout StateStore, forced: Bool) throws -> Bool {
        guard let saved = try states.load() else { return false }
        for warning in saved.warnings { console.warning(warning) }
        if let difference = try Self.difference(recipe, directory.path) {
            guard forced else { throw RecipeError("\(difference); \(Self.differenceAdvice)") }
            console.warning("\(difference); going on all the same, as --force says")
        }
        try restore(saved, directory)
        // What the run goes on with, a longer training or a forced change, holds from now on.
        try AtomicFile.write(directory.config, recipe.resolvedYAML)
        try directory.recordProgram(resuming: true)
        return true
    }

    /// Takes over a saved state and opens the log where it was then.
    func restore(_ saved: SavedState, _ directory: RunDirectory) throws {
        try checkData(saved.info["data"], directory.path)
        let file = try saved.tensors(Self.stateFile)
        guard let progress = saved.info["progress"].flatMap({ RunProgress($0) }),
            let metricsBytes = saved.info["metricsBytes"]?.countValue,
            let optimizerSteps = saved.info["optimizerSteps"]?.countValue,
            let averageUpdates = saved.info["averageUpdates"]?.countValue
        else {
            throw CheckpointError(
                directory.state,
                "the saved progress is incomplete or impossible, it was written by another version or is damaged")
        }
        try checkBatches(progress, directory.path)
        let reader = StateReader(file: file, path: directory.state)
        try reader.restore("parameters", store)
        let prefix = "optimizer."
        var arrays: [String: [Float]] = [:]
        for (name, storage) in step.optimizer.stateArrays {
            arrays[name] = try reader.values(prefix + name, count: storage.count)
        }
        try step.optimizer.restore(stepCount: optimizerSteps, arrays: arrays)
        if let average = step.average {
            let parameters = try reader.parameters("average", average.store)
            let buffers = try average.store.buffers.indices.map { try reader.buffer("average", $0, average.store) }
            try average.restore(updateCount: averageUpdates, parameters: parameters, buffers: buffers)
        }
        if file["best"] != nil {
            let best = store.copy()
            try reader.restore("best", best)
            self.best = best
        }
        self.progress = progress
        step.task.restore(saved.info["task"] ?? .null)
        try restoreLog(saved, directory, bytes: metricsBytes)
        let log = try MetricsLog(path: directory.metrics, resumingAt: metricsBytes)
        if let warning = log.warning { console.warning(warning) }
        self.log = log
        let position =
            progress.epoch >= recipe.training.epochs
            ? "all \(place.epochs + progress.epoch) epochs done"
            : "epoch \(place.epochs + progress.epoch + 1), batch \(progress.batch + 1)"
        console.notice("continuing \(directory.path) after update \(place.updates + progress.update) (\(position))")
    }

    /// Where a recipe would change the result of the run in a folder, one sentence, or `nil`.
    private static func difference(_ recipe: Recipe, _ path: String) throws -> String? {
        difference(recipe.entries, from: try Recipe.load(path + "/config.yaml").entries, path)
    }

    static func difference(
        _ entries: [ConfigurationEntry], from saved: [ConfigurationEntry], _ path: String
    ) -> String? {
        var old: [String: String] = [:]
        for entry in saved where entry.kind == .value { old[entry.path] = entry.value }
        let runsLonger = epochsMayChange(entries)
        let changed = entries.filter {
            $0.kind == .value && !Recipe.harmless.contains($0.path) && old[$0.path] != $0.value
                && !(runsLonger && $0.path == "training.epochs")
                // The default until it became `auto`; whether both mean the same shows in the saved state.
                && !($0.path == "training.dropLast" && old[$0.path] == "true" && $0.value == "auto")
                && !isSameValidation($0.path, old[$0.path], $0.value)
        }
        let new = Set(entries.map(\.path))
        let gone = saved.filter { $0.kind == .value && !new.contains($0.path) }
        let differences =
            changed.map { "\($0.path): \(old[$0.path] ?? "nothing") -> \($0.value)" }
            + gone.map { "\($0.path): \($0.value) -> nothing" }
        guard !differences.isEmpty else { return nil }
        return
            "\(path): the configuration is not the one the run was started with (\(differences.joined(separator: ", ")))"
    }

    /// Earlier versions took a tenth of the training images by default and knew no `auto`. Where the two differ, the counts
    /// of images do.
    private static func isSameValidation(_ path: String, _ old: String?, _ new: String) -> Bool {
        guard path == "data.validation", let old else { return false }
        return Set([old, new].map { $0.filter { $0 != "\"" && $0 != "'" } }) == ["0.1", "auto"]
    }

    /// Whether the learning rates of the epochs so far do not depend on how many follow.
    private static func epochsMayChange(_ entries: [ConfigurationEntry]) -> Bool {
        let kind = entries.first { $0.path == "schedule.kind" }?.value
        return kind == "constant" || kind == "step"
    }

    /// What to do about a difference.
    static let differenceAdvice =
        "give the same configuration, go on all the same with --force, or start anew with --overwrite"

    private func checkData(_ saved: JSONValue?, _ path: String) throws {
        let now = try fingerprint()
        guard let saved, saved != now else { return }
        for part in ["training", "validation", "test"] {
            if let before = saved[part]?.integerValue, let count = now[part]?.integerValue, before != count {
                throw RecipeError(
                    "\(recipe.data.path) has \(count) \(part) images, but the run in \(path) was started with \(before); "
                        + "give the same data, or start anew with --overwrite")
            }
        }
        throw RecipeError(
            "\(recipe.data.path) has other images or classes than the run in \(path) was started with; give the same data, "
                + "or start anew with --overwrite")
    }

    private func flatTensors(_ name: String, _ store: ParameterStore<Float>) -> [StoredTensor] {
        var tensors = [stored(name, store.flat)]
        for (i, buffer) in store.buffers.enumerated() {
            tensors.append(
                StoredTensor(name: "\(name).buffer.\(i)", shape: buffer.shape.dimensions, floats: buffer.array))
        }
        return tensors
    }

    private func stored(_ name: String, _ storage: Storage<Float>) -> StoredTensor {
        let values = Array(UnsafeBufferPointer(start: storage.pointer, count: storage.count))
        return StoredTensor(name: name, shape: [values.count], floats: values)
    }
}

/// Takes values out of a saved state, each of the size that the model asks for.
private struct StateReader {
    let file: SafetensorsFile
    let path: String

    func restore(_ name: String, _ store: ParameterStore<Float>) throws {
        let values = try parameters(name, store)
        values.withUnsafeBufferPointer { source in
            if let base = source.baseAddress { store.flat.pointer.update(from: base, count: values.count) }
        }
        for (i, buffer) in store.buffers.enumerated() {
            store.setBuffer(i, Tensor(buffer.shape, try self.buffer(name, i, store)))
        }
    }

    /// A store's parameters, one after the other.
    /// - Throws: `CheckpointError` when one is not finite: no run could go on with it.
    func parameters(_ name: String, _ store: ParameterStore<Float>) throws -> [Float] {
        let values = try values(name, count: store.flat.count)
        for entry in store.list.entries where !values[entry.range].allSatisfy(\.isFinite) {
            throw CheckpointError(
                path, "the saved state holds values that are not finite in \(entry.name) (\(name)), so no run can go on"
            )
        }
        return values
    }

    func buffer(_ name: String, _ index: Int, _ store: ParameterStore<Float>) throws -> [Float] {
        let entry = store.list.buffers[index]
        let values = try values("\(name).buffer.\(index)", count: entry.shape.elementCount)
        if let problem = entry.problem(values.map { Double($0) }) {
            throw CheckpointError(path, "the saved state of \(entry.name) (\(name)) \(problem)")
        }
        return values
    }

    func values(_ name: String, count: Int) throws -> [Float] {
        guard let tensor = file[name], tensor.count == count else {
            throw CheckpointError(
                path, "the saved state has no \(name) of \(count) numbers, so it belongs to another model")
        }
        return try tensor.floats()
    }
}
