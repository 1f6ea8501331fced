import Layers
import Synchronization

/// A list of one kind of parts that a program may add to; safe from every thread.
final class PartList<Kind: Sendable>: Sendable {
    private let what: String
    private let names: @Sendable (Kind) -> [String]
    private let state: Mutex<[Kind]>

    /// - Parameters:
    ///   - what: the kind in words, for messages.
    ///   - names: those of an entry, no two of which may be the same in the whole list.
    init(_ what: String, _ builtIn: [Kind], names: @escaping @Sendable (Kind) -> [String]) {
        self.what = what
        self.names = names
        state = Mutex(builtIn)
    }

    var kinds: [Kind] { state.withLock { $0 } }

    func register(_ kind: Kind) throws {
        try state.withLock { kinds in
            // Words that a weights file has beside a family's name.
            var taken: Set = [ModelSpecification.neckKey, ModelSpecification.headKey]
            for known in kinds { taken.formUnion(names(known)) }
            for name in names(kind) where !taken.insert(name).inserted {
                throw ModelError("the name \(name) is taken, so no \(what) can be registered under it")
            }
            kinds.append(kind)
        }
    }
}
