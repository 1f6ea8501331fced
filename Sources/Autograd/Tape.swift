import Tensors

/// The record of one forward pass: an append-only list of operations, in the order in which they ran. Walking it
/// backwards gives the gradient of a result with respect to every leaf.
///
/// A tape belongs to one training step and one thread. The list is flat, so neither its length nor its release can
/// overflow the stack.
public final class Tape<S: Scalar> {
    struct Node {
        let operation: Operation
        let path: String
        /// Positions of the inputs, -1 for one that is not tracked.
        let inputs: [Int]
        let outputs: Range<Int>
        /// What it takes out of the gradients it may write over.
        var pullback: ((inout [Tensor<S>?], [Bool]) -> [Tensor<S>?])?
    }

    struct Slot {
        let shape: Shape
        let isLeaf: Bool
        /// Where the gradient of a leaf is to be written, for those that are not kept as tensors.
        var destination: UnsafeMutablePointer<S>?
        /// Whether what the destination holds already is kept, and the gradient added to it.
        var adds = false
        var gradient: Tensor<S>?
        var isReached = false
        /// Whether the gradient of a result is kept, as that of a leaf is.
        var isKept = false
    }

    var nodes: [Node] = []
    var slots: [Slot] = []
    private var isConsumed = false

    /// Called with every operation that is recorded and what it returned.
    public var observer: ((Operation, _ path: String, _ outputs: [Tensor<S>]) -> Void)?

    /// Called with every operation whose gradient has just been computed and the gradients of its inputs.
    public var gradientObserver: ((Operation, _ path: String, _ gradients: [Tensor<S>?]) -> Void)?

    /// Asked about every operation that is recorded: where it says yes, the results are among `keptResults`.
    package var keepsResults: ((Operation, _ path: String) -> Bool)?

    /// Results whose gradients `backward` keeps because `keepsResults` said so, in the order of the operations.
    package private(set) var keptResults: [Variable<S>] = []

    /// Where the time of each operation is added up.
    public var profile: OperationProfile?

    /// An empty tape.
    public init() {}

    /// A variable whose gradient `backward` keeps.
    public func leaf(_ value: Tensor<S>) -> Variable<S> {
        slots.append(Slot(shape: value.shape, isLeaf: true))
        return Variable(value: value, tape: self, index: slots.count - 1)
    }

    /// A variable whose gradient `backward` writes to `destination`, as soon as there is one, instead of keeping it: so
    /// the gradients of all parameters need not exist twice. The memory must outlive the tape's walk.
    ///
    /// - Parameter adding: whether the gradient is added to what the memory holds instead of replacing it.
    public func leaf(
        _ value: Tensor<S>, gradientInto destination: UnsafeMutablePointer<S>, adding: Bool = false
    ) -> Variable<S> {
        slots.append(Slot(shape: value.shape, isLeaf: true, destination: destination, adds: adding))
        return Variable(value: value, tape: self, index: slots.count - 1)
    }

    /// Whether a gradient reached a leaf in `backward`.
    public func isReached(_ leaf: Variable<S>) -> Bool { leaf.index.map { slots[$0].isReached } ?? false }

    /// The operations recorded so far, in order.
    public var operations: [Operation] { nodes.map(\.operation) }

    func append(
        _ operation: Operation, inputs: [Int], outputs: [Tensor<S>],
        pullback: @escaping (inout [Tensor<S>?], [Bool]) -> [Tensor<S>?]
    ) -> [Variable<S>] {
        require(!isConsumed, operation.name, outputs.map(\.shape), "the tape was used by backward(); start a new one")
        let first = slots.count
        for output in outputs { slots.append(Slot(shape: output.shape, isLeaf: false)) }
        let path = LayerPath.current
        nodes.append(
            Node(operation: operation, path: path, inputs: inputs, outputs: first..<slots.count, pullback: pullback))
        observer?(operation, path, outputs)
        profile?.forward(operation, path, outputs)
        let results = outputs.enumerated().map { Variable(value: $1, tape: self, index: first + $0) }
        if let keepsResults, keepsResults(operation, path) {
            for result in results { keepGradient(of: result) }
            keptResults += results
        }
        return results
    }

    /// Has `backward` keep the gradient of a result, which otherwise goes as soon as it has been used.
    package func keepGradient(of result: Variable<S>) {
        guard let index = result.index, result.tape === self else {
            brokenRule("keepGradient(of:)", [result.shape], "the result does not depend on any leaf of this tape")
        }
        slots[index].isKept = true
    }

    /// Computes the gradient of `result`, weighted by `cotangent` (1 for a scalar when absent), with respect to every
    /// leaf. Each saved tensor and each inner gradient is released as soon as it has been used, so a tape can be walked
    /// once.
    public func backward(from result: Variable<S>, cotangent: Tensor<S>? = nil) {
        backward(from: [(result, cotangent)])
    }

    /// As above, for several results at once: the gradient of the sum of all weighted results.
    public func backward(from results: [(Variable<S>, Tensor<S>?)]) {
        require(!isConsumed, "backward", results.map(\.0.shape), "a tape can be walked only once")
        isConsumed = true
        for (result, cotangent) in results {
            guard let index = result.index, result.tape === self else {
                brokenRule("backward", [result.shape], "the result does not depend on any leaf of this tape")
            }
            require(
                cotangent != nil || result.shape.elementCount == 1, "backward", [result.shape],
                "a result that is not a scalar needs a cotangent")
            add(cotangent ?? Tensor(result.shape, repeating: 1), to: index, of: Operation("backward"))
        }
        profile?.mark()
        while var node = nodes.popLast() {
            var gradients = node.outputs.map { index -> Tensor<S>? in
                let gradient = slots[index].gradient
                if !slots[index].isKept { slots[index].gradient = nil }
                return gradient
            }
            guard gradients.contains(where: { $0 != nil }), let pullback = node.pullback else { continue }
            node.pullback = nil
            var results = LayerPath.$current.withValue(node.path) { pullback(&gradients, node.inputs.map { $0 >= 0 }) }
            require(
                results.count == node.inputs.count, node.operation.name, node.outputs.map { slots[$0].shape },
                "the gradient gave \(results.count) results for \(node.inputs.count) inputs")
            gradientObserver?(node.operation, node.path, results)
            // What adding to a gradient costs belongs to the operation, but its gradients are gone by then.
            let written = profile.map { $0.size(results) } ?? 0
            for (i, input) in node.inputs.enumerated() where input >= 0 {
                guard let gradient = results[i] else {
                    brokenRule(node.operation.name, [slots[input].shape], "the gradient of input \(i) is missing")
                }
                results[i] = nil
                add(gradient, to: input, of: node.operation)
            }
            profile?.backward(node.operation, node.path, bytes: written)
        }
    }

    /// The gradient of a leaf after `backward`, or `nil` when no result depends on it.
    public func gradient(of leaf: Variable<S>) -> Tensor<S>? {
        guard let index = leaf.index, leaf.tape === self, slots[index].isLeaf || slots[index].isKept,
            slots[index].destination == nil
        else {
            brokenRule(
                "gradient(of:)", [leaf.shape], "the variable must be a leaf of this tape that keeps its gradient")
        }
        return slots[index].gradient
    }

    private func add(_ gradient: Tensor<S>, to index: Int, of operation: Operation) {
        require(
            gradient.shape == slots[index].shape, operation.name, [gradient.shape, slots[index].shape],
            "a gradient must have the shape of what it belongs to")
        defer { slots[index].isReached = true }
        if let destination = slots[index].destination {
            if slots[index].isReached || slots[index].adds {
                gradient.add(into: destination)
            } else {
                gradient.copy(into: destination)
            }
        } else if slots[index].gradient == nil {
            slots[index].gradient = gradient
        } else {
            slots[index].gradient?.accumulate(gradient)
        }
    }
}
