import Distributed
import Tensors

/// What a model says, as one process tells it to another: what comes is, bit for bit, what went.
package protocol Tellable {
    func write(to message: inout ByteMessage)
    init(from message: inout ByteMessage)
}

extension Array: Tellable where Element: Tellable {
    package func write(to message: inout ByteMessage) {
        message.add(count)
        for element in self { element.write(to: &message) }
    }

    package init(from message: inout ByteMessage) {
        self = (0..<message.integer()).map { _ in Element(from: &message) }
    }
}

extension Tensor: Tellable where S == Float {
    package func write(to message: inout ByteMessage) { message.add(self) }
    package init(from message: inout ByteMessage) { self = message.tensor() }
}

extension ProcessGroup {
    /// Goes over elements that every rank reads, in rounds of as many as there are ranks: each rank answers one of a round and
    /// is told what the others answered. So all ranks take the same answers in the same order, those that one process has.
    /// - Throws: on this rank alone what the closures throw; the others' next exchange ends when this one's process does.
    package func share<Element, Answer: Tellable>(
        _ next: () throws -> Element?, answer: (Element) throws -> Answer, take: (Element, Answer) throws -> Void
    ) throws {
        guard size > 1 else {
            while let element = try next() { try take(element, answer(element)) }
            return
        }
        var isOver = false
        while !isOver {
            var round: [Element] = []
            while round.count < size, let element = try next() { round.append(element) }
            isOver = round.count < size
            var message = ByteMessage()
            if rank < round.count { try answer(round[rank]).write(to: &message) }
            for (element, bytes) in zip(round, try gatherToAll(message.bytes)) {
                var message = ByteMessage(bytes)
                try take(element, Answer(from: &message))
            }
        }
    }
}
