import Layers
import Tensors

extension TrainedState {
    /// The values to measure and to keep: those that are trained, unless the optimizer averages them. Then they are the
    /// average's, in a store that the next call writes anew.
    var measured: ParameterStore<Float> {
        guard let values = optimizer.evaluated(store.flat) else { return store }
        let copy = averaged ?? store.copy()
        averaged = copy
        copy.update(from: store)
        copy.flat.pointer.update(from: values.pointer, count: values.count)
        return copy
    }
}
