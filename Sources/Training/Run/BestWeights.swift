import JSON
import Layers
import Reporting

/// The weights of the epoch that did best on the validation part: by the metric that decides, and where two are equal by
/// the lower loss.
package struct BestWeights {
    /// The epoch, from 1 over all stages; 0 before there is one.
    package private(set) var epoch = 0
    package private(set) var scores: Measured?
    /// A copy of the weights of that epoch.
    package private(set) var store: ParameterStore<Float>?
    /// What goes with them, where their measurement told something of it.
    package private(set) var settings: JSONValue?
    private let metric: Metric

    package init(_ metric: Metric) { self.metric = metric }

    /// Takes an epoch's weights where they are better than all before.
    /// - Parameter settings: that go with them.
    package mutating func offer(
        _ found: Scores, epoch: Int, _ weights: ParameterStore<Float>, settings: JSONValue? = nil
    ) {
        guard isBetter(Measured(found)) else { return }
        self.settings = settings
        scores = Measured(found)
        self.epoch = epoch
        if let store { store.update(from: weights) } else { store = weights.copy() }
    }

    private func isBetter(_ found: Measured) -> Bool {
        guard let scores else { return true }
        return metric.isBetter(found.value, than: scores.value)
            || (found.value == scores.value && found.loss < scores.loss)
    }

    /// The same in a store of another layout, of a stage with other adapters: the first values of it are the model's.
    package func moved(to layout: ParameterStore<Float>, model: ParameterList) -> BestWeights {
        var moved = self
        if let store {
            let copy = layout.copy()
            copy.updatePrefix(from: store.prefix(model))
            moved.store = copy
        }
        return moved
    }

    // MARK: State

    package var members: [JSONValue.Member] {
        [
            .init("bestEpoch", .integer(epoch)), .init("best", .optional(scores?.value)),
            .init("bestLoss", .number(scores?.loss ?? 0)),
        ] + (settings.map { [.init("bestSettings", $0)] } ?? [])
    }

    /// - Parameter store: the weights that were saved, nil where there were none yet.
    /// - Returns: nil when a number is missing.
    package init?(_ json: JSONValue, _ metric: Metric, store: ParameterStore<Float>?) {
        guard let epoch = json["bestEpoch"]?.countValue, let loss = json["bestLoss"]?.doubleValue else { return nil }
        self.metric = metric
        self.epoch = epoch
        self.store = store
        settings = json["bestSettings"]
        // Before tasks had metrics of their own, it was the only one.
        if let value = json["best"]?.doubleValue ?? json["bestAccuracy"]?.doubleValue {
            scores = Measured(value: value, loss: loss)
        }
    }
}
