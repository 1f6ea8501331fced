import Tensors

/// The maps of teachers for the images that costs are measured on, batch by batch, so that no second measurement runs them
/// again; only those that are compared, and only as many as there is memory for.
final class MapStore {
    /// Of each batch from the first one on, by tap.
    private var batches: [String: [[Int: Tensor<Float>]]] = [:]
    private var bytes = 0
    private let limit: Int

    init(megabytes: Int) { limit = megabytes << 20 }

    private func key(_ model: Teacher, _ part: TeacherPart) -> String { "\(part)/" + model.sha256 }

    /// The maps of a batch by tap, nothing at taps that nobody asks for; nil unless those of all `taps` are there.
    func kept(_ model: Teacher, _ taps: Set<Int>, _ part: TeacherPart, batch: Int) -> [Tensor<Float>]? {
        guard let own = batches[key(model, part)], batch < own.count, taps.allSatisfy({ own[batch][$0] != nil }) else {
            return nil
        }
        return model.taps.indices.map { own[batch][$0] ?? Tensor([0], []) }
    }

    /// Keeps the maps at some taps. Those of a student that goes on learning are asked for once, and no batch is kept whose
    /// predecessor is not.
    func keep(_ maps: [Tensor<Float>], _ taps: Set<Int>, of model: Teacher, _ part: TeacherPart, batch: Int) {
        let key = key(model, part)
        var own = batches[key] ?? []
        guard model.keepsMaps, batch <= own.count else { return }
        let new = taps.filter { batch == own.count || own[batch][$0] == nil }
        let size = new.reduce(0) { $0 + 4 * maps[$1].elementCount }
        guard !new.isEmpty, bytes + size <= limit else { return }
        if batch == own.count { own.append([:]) }
        for tap in new { own[batch][tap] = maps[tap] }
        batches[key] = own
        bytes += size
    }
}
