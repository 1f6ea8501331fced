import Distributed
import Layers
import Tasks
import Tensors

/// What a process wishes to happen after an update, and then what all agreed on.
struct StepWishes: Equatable {
    /// The signal that asked one of them to stop.
    var signal: Int32?
    /// Whether the state is to be saved: the wish of the one that writes it.
    var isSaveDue = false
}

/// What a process tells the others of its slices of a batch.
struct StepMessage {
    /// Of its own slices; of all, in their order, after the exchange.
    var results: [SliceResult]
    /// The first number of all slices that is none.
    var problem: NonFiniteError?
    var wishes: StepWishes

    /// The same of all slices. The process that works alone tells nobody.
    func exchanged(_ ranks: ProcessGroup) throws -> StepMessage {
        guard ranks.size > 1 else { return self }
        var message = ByteMessage()
        message.add(Int(wishes.signal ?? 0))
        message.add(wishes.isSaveDue ? 1 : 0)
        message.add(problem == nil ? 0 : 1)
        problem?.write(to: &message)
        message.add(results.count)
        for result in results { result.write(to: &message) }
        var all = StepMessage(results: [], problem: nil, wishes: StepWishes())
        for (rank, bytes) in try ranks.gatherToAll(message.bytes).enumerated() {
            var message = ByteMessage(bytes)
            let signal = message.integer()
            if all.wishes.signal == nil, signal != 0 { all.wishes.signal = Int32(truncatingIfNeeded: signal) }
            let isSaveDue = message.integer() == 1
            if rank == 0 { all.wishes.isSaveDue = isSaveDue }
            if message.integer() == 1 {
                let found = NonFiniteError(from: &message)
                all.problem = all.problem ?? found
            }
            let count = message.integer()
            for _ in 0..<count { all.results.append(SliceResult(from: &message)) }
        }
        return all
    }
}

extension SliceResult {
    fileprivate func write(to message: inout ByteMessage) {
        message.add(parts.count)
        for part in parts {
            for value in [part.loss, part.share, part.measured] { message.add(value) }
            message.add(part.terms.count)
            for term in part.terms {
                message.add(term.name)
                message.add(term.raw)
                message.add(term.weighted)
            }
        }
        updates.write(to: &message)
    }

    fileprivate init(from message: inout ByteMessage) {
        for _ in 0..<message.integer() {
            var part = Part(
                loss: message.number(), share: message.number(), measured: message.number(), terms: [])
            for _ in 0..<message.integer() {
                part.terms.append(
                    TaskLoss.Term(name: message.text(), raw: message.number(), weighted: message.number()))
            }
            parts.append(part)
        }
        updates = BufferUpdates(from: &message)
    }
}

extension BufferUpdates<Float> {
    fileprivate func write(to message: inout ByteMessage) {
        message.add(changes.count)
        for (index, list) in changes.sorted(by: { $0.key < $1.key }) {
            message.add(index)
            message.add(list.count)
            for change in list {
                switch change {
                case .value(let tensor):
                    message.add(0)
                    message.add(tensor)
                case .toward(let tensor, let share):
                    message.add(1)
                    message.add(Double(share))
                    message.add(tensor)
                case .more(let amount):
                    message.add(2)
                    message.add(Double(amount))
                }
            }
        }
    }

    fileprivate convenience init(from message: inout ByteMessage) {
        self.init()
        for _ in 0..<message.integer() {
            let index = message.integer()
            let count = message.integer()
            changes[index] = (0..<count).map { _ in
                switch message.integer() {
                case 0: return .value(message.tensor())
                case 1:
                    let share = Float(message.number())
                    return .toward(message.tensor(), share: share)
                default: return .more(Float(message.number()))
                }
            }
        }
    }
}
