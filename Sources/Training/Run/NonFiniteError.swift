import Autograd
import Datasets
import Distributed
import Layers
import Tasks
import Tensors

/// A run that stopped because a number became infinite or undefined.
package struct NonFiniteError: Error, CustomStringConvertible, Sendable {
    /// The update that was not made, counted from 0.
    package let update: Int
    /// "loss", "gradient" or "parameter".
    package let what: String
    /// The first place at which the value shows.
    package let place: String
    /// How many updates before it were left out for the same reason.
    package internal(set) var skippedBefore = 0
    /// Whether gradients are clipped, which the advice depends on.
    package internal(set) var isClipped = false
    /// The file that says more, once it is written.
    package internal(set) var postMortem: String?

    /// After so many updates left out in a row the weights themselves must be bad.
    static let mostSkippedInARow = 10

    /// What to try against numbers that grow beyond all bounds.
    static func advice(isClipped: Bool) -> String {
        "try a lower optimizer.learningRate, \(isClipped ? "a smaller optimizer.clipNorm" : "optimizer.clipNorm: 1") or a "
            + "longer schedule.warmupEpochs"
    }

    package var description: String {
        let before = skippedBefore > 0 ? ", as in the \(skippedBefore) updates before" : ""
        let more = postMortem.map { "; \($0) says more" } ?? ""
        return
            "update \(update): the \(what) is not finite\(before), first seen in \(place); what was saved before is left "
            + "as it was, \(Self.advice(isClipped: isClipped))\(more)"
    }

    /// An update that made a parameter infinite, found before saving it.
    package init(update: Int, parameter: String) {
        self.update = update
        what = "parameter"
        place = "\(parameter) after this update"
    }

    /// As another rank tells it.
    init(from message: inout ByteMessage) {
        update = message.integer()
        what = message.text()
        place = message.text()
    }

    func write(to message: inout ByteMessage) {
        message.add(update)
        message.add(what)
        message.add(place)
    }

    /// Runs the step once more, looking at every result, to find the first bad one.
    init<Task>(_ step: TrainingStep<Task>, _ batch: Batch<Task.Target>, update: Int, what: String) {
        self.update = update
        self.what = what
        place = NonFiniteError.search(step, batch, update)
    }

    static let sumOfFinite = "the sum of all gradients, each of which is finite"

    private static func search<Task>(
        _ step: TrainingStep<Task>, _ batch: Batch<Task.Target>, _ update: Int
    ) -> String {
        let store = step.state.store
        for (i, entry) in store.list.entries.enumerated() where !store.tensor(i).isFinite {
            return "the parameter \(entry.name)"
        }
        let size = batch.images.valueCount
        for i in 0..<batch.count where !batch.images.pixels[i * size..<(i + 1) * size].allSatisfy(\.isFinite) {
            return "image \(batch.indices[i]) of the training data"
        }
        return step.ownSlices(of: batch).lazy
            .flatMap { $0.parts(of: step.options.partSize) }
            .compactMap { search(step, part: $0, update) }.first
            ?? Self.sumOfFinite
    }

    private static func search<Task>(
        _ step: TrainingStep<Task>, part: Batch<Task.Target>, _ update: Int
    ) -> String? {
        var found: String?
        let tape = Tape<Float>()
        tape.observer = { operation, path, outputs in
            guard found == nil, let bad = outputs.first(where: { !$0.isFinite }) else { return }
            found = "the output \(bad.shape) of \(operation)" + (path.isEmpty ? "" : " in \(path)")
        }
        tape.gradientObserver = { operation, path, gradients in
            guard found == nil, let bad = gradients.compactMap({ $0 }).first(where: { !$0.isFinite }) else { return }
            found = "the gradient \(bad.shape) of \(operation)" + (path.isEmpty ? "" : " in \(path)")
        }
        let place = TrainingStep<Task>.PartPlace(update: update, gradients: step.gradients, isFirst: part.first == 0)
        let loss = step.loss(part, step.context(place, tape, part), update: update).total
        if found == nil, loss.isTracked { tape.backward(from: loss) }
        return found
    }
}
