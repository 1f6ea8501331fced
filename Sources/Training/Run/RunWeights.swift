import Checkpoints
import Layers
import Tasks

/// The weights files of a run: what belongs to the model, and no adapters.
struct RunWeights {
    let model: ParameterList
    /// What the files say about themselves.
    let metadata: WeightsMetadata

    /// The last weights, the best ones so far, and the moving average where there is one.
    func write(_ state: TrainedState, _ best: BestWeights, in directory: RunDirectory) throws {
        try write(state.store, directory.lastWeights)
        try write(best.store ?? state.store, directory.bestWeights)
        if let average = state.average { try write(average.store, directory.averageWeights) }
    }

    func write(_ store: ParameterStore<Float>, _ path: String) throws {
        try Weights.file(store.prefix(model), metadata).write(path: path)
    }
}
