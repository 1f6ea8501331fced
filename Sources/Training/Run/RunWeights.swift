import Checkpoints
import JSON
import Layers
import Tasks

/// The weights files of a run: what belongs to the model, and no adapters.
struct RunWeights {
    let model: ParameterList
    /// What the files say about themselves.
    let metadata: WeightsMetadata

    /// The last weights, the best ones so far, and the moving average where there is one.
    /// - Parameter settings: what goes with the last weights, where their validation told something of it; the moving
    ///   average is near them.
    func write(
        _ state: TrainedState, _ best: BestWeights, settings: JSONValue?, in directory: RunDirectory
    ) throws {
        let measured = state.measured
        try write(measured, settings, directory.lastWeights)
        try write(best.store ?? measured, best.store == nil ? settings : best.settings, directory.bestWeights)
        if let average = state.average { try write(average.store, settings, directory.averageWeights) }
    }

    func write(_ store: ParameterStore<Float>, _ settings: JSONValue?, _ path: String) throws {
        var metadata = metadata
        if let settings { metadata.vocabulary.settings = settings }
        try Weights.file(store.prefix(model), metadata).write(path: path)
    }
}
