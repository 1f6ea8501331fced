// Optim: what changes weights, by how much and when: optimizers, schedules, averages, clipping, and their sections.

import Tensors

/// Writes a model's flat parameter buffer from gradients of the same layout.
public protocol Optimizer<S>: AnyObject {
    associatedtype S: Scalar

    var groups: ParameterGroups { get }
    /// The number of updates so far.
    var stepCount: Int { get }
    /// What an update remembers, each array as long as the flat buffer; with `stepCount` it is the whole state.
    var stateArrays: [(name: String, storage: Storage<S>)] { get }
    /// Single numbers that belong to the state as well; most optimizers have none.
    var stateNumbers: [(name: String, value: Double)] { get }

    /// One update, in parallel over the buffer.
    ///
    /// - Parameter gradientScale: a factor on the gradients, such as a clip factor, applied on the way.
    func update(parameters: Storage<S>, gradients: Storage<S>, learningRate: Double, gradientScale: Double)

    /// Continues from a saved state, bit for bit.
    ///
    /// - Throws: `OptimizerStateError` when an array is missing, unknown or of another length; nothing is changed then.
    func restore(stepCount: Int, arrays: [String: [S]]) throws

    /// The same for a state with numbers of its own.
    ///
    /// - Throws: `OptimizerStateError` when an array or a number is missing, unknown or of no use; nothing is changed then.
    func restore(stepCount: Int, arrays: [String: [S]], numbers: [String: Double]) throws

    /// The values to measure and to keep, where these are not the parameters that gradients are taken at; nil where they
    /// are.
    func evaluated(_ parameters: Storage<S>) -> Storage<S>?
}

extension Optimizer {
    /// None.
    public var stateNumbers: [(name: String, value: Double)] { [] }

    /// A state without numbers.
    public func restore(stepCount: Int, arrays: [String: [S]], numbers: [String: Double]) throws {
        if let name = numbers.keys.min() {
            throw OptimizerStateError(description: "The saved state has the number `\(name)`, expected none.")
        }
        try restore(stepCount: stepCount, arrays: arrays)
    }

    /// The parameters themselves are measured.
    public func evaluated(_ parameters: Storage<S>) -> Storage<S>? { nil }

    /// One update with the gradients as they are.
    public func update(parameters: Storage<S>, gradients: Storage<S>, learningRate: Double) {
        update(parameters: parameters, gradients: gradients, learningRate: learningRate, gradientScale: 1)
    }

    /// The start of every update: sizes fit, and what was made of the parameters is stale from now on.
    func checkLengths(_ operation: String, _ parameters: Storage<S>, _ gradients: Storage<S>) {
        require(
            parameters.count == groups.flatCount && gradients.count == groups.flatCount, operation,
            "got \(parameters.count) parameters and \(gradients.count) gradients for groups over \(groups.flatCount)")
        parameters.noteChange()
    }
}

/// A saved state that does not belong to this model.
public struct OptimizerStateError: Error, Equatable, CustomStringConvertible {
    /// One sentence.
    public let description: String
}

/// Copies saved arrays into the state's, after a check of all of them.
func restoreArrays<S>(
    _ arrays: [String: [S]], into state: [(name: String, storage: Storage<S>)], owner: String
) throws {
    let names = state.map { "`\($0.name)`" }.joined(separator: ", ")
    for name in arrays.keys.sorted() where !state.contains(where: { $0.name == name }) {
        let expected = names.isEmpty ? "none" : names
        throw OptimizerStateError(
            description: "The saved state of \(owner) has the array `\(name)`, expected \(expected).")
    }
    for (name, storage) in state {
        guard let array = arrays[name] else {
            throw OptimizerStateError(description: "The saved state of \(owner) lacks the array `\(name)`.")
        }
        guard array.count == storage.count else {
            throw OptimizerStateError(
                description: "The array `\(name)` in the saved state of \(owner) has \(array.count) numbers, "
                    + "expected \(storage.count).")
        }
    }
    for (name, storage) in state {
        if let array = arrays[name] { storage.pointer.update(from: array, count: array.count) }
    }
}

extension Storage {
    /// A storage of zeros.
    static func zeros(_ count: Int) -> Storage {
        let storage = Storage(count: count)
        storage.pointer.initialize(repeating: 0, count: count)
        return storage
    }
}
