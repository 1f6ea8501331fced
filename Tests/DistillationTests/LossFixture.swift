import Autograd
import Foundation
import JSON
import Layers
import Tensors
import Testing

/// A case of Fixtures/losses.json, which Scripts/fixtures/losses.py computes.
struct LossFixture: CustomTestStringConvertible {
    let name: String
    let kind: String
    private let json: JSONValue

    static let all: [LossFixture] = {
        let folder = (Bundle.module.resourceURL ?? Bundle.module.bundleURL).appendingPathComponent("Fixtures")
        let text = try? String(contentsOf: folder.appendingPathComponent("losses.json"), encoding: .utf8)
        let cases = text.flatMap { try? JSONValue(parsing: $0) }?["cases"]?.arrayValue ?? []
        return cases.map {
            LossFixture(name: $0["name"]?.stringValue ?? "", kind: $0["kind"]?.stringValue ?? "", json: $0)
        }
    }()

    static func named(_ kind: String) -> [LossFixture] { all.filter { $0.kind == kind } }

    var testDescription: String { name }

    subscript(_ key: String) -> JSONValue { json[key] ?? .null }

    func number(_ key: String) -> Double { json[key]?.doubleValue ?? .nan }

    func tensor(_ key: String) -> Tensor<Double> { LossFixture.tensor(self[key]) }

    static func tensor(_ json: JSONValue) -> Tensor<Double> {
        let shape = (json["shape"]?.arrayValue ?? []).compactMap(\.integerValue)
        return Tensor(Shape(shape), numbers(json["values"]))
    }

    static func numbers(_ json: JSONValue?) -> [Double] { (json?.arrayValue ?? []).compactMap(\.doubleValue) }

    /// Tensors by name.
    func tensors(_ key: String) -> [(name: String, tensor: Tensor<Double>)] {
        (self[key].objectValue ?? []).map { ($0.name, LossFixture.tensor($0.value)) }
    }
}

/// max |a - b| / max |b|; infinite where shapes differ.
func distance<S: Scalar>(_ a: Tensor<S>?, _ b: Tensor<Double>) -> Double {
    guard let a, a.shape == b.shape else { return .infinity }
    let largest = b.array.reduce(1e-12) { max($0, abs($1)) }
    return zip(a.array, b.array).reduce(0) { worst, pair in
        let difference = abs(Double(pair.0) - pair.1) / largest
        return difference.isNaN ? .infinity : max(worst, difference)
    }
}

/// A loss with its gradients, beside those of a fixture.
struct LossRun<S: Scalar> {
    let loss: Double
    let gradient: Tensor<S>?
    /// In file order, under the names of a PyTorch state dict.
    let gradients: [String: [S]]

    /// - Parameters:
    ///   - scope: where the loss has declared its parameters.
    ///   - body: the loss of the student's map.
    init(
        _ fixture: LossFixture, _ scope: Scope = Scope(), as type: S.Type,
        _ body: (Variable<S>, Tensor<S>, Context<S>) -> Variable<S>
    ) throws {
        let store = ParameterStore<S>(scope.list, seed: 0)
        let arrays = fixture.tensors("parameters").map { name, tensor in
            NamedArray(name: name, shape: tensor.shape.dimensions, values: tensor.array.map { S($0) })
        }
        try #require(store.load(arrays).isComplete, "\(fixture.name)")
        let tape = Tape<S>()
        let context = Context(store, mode: .training, tape: tape)
        let leaf = tape.leaf(fixture.tensor("student").converted(to: S.self))
        let result = body(leaf, fixture.tensor("teacher").converted(to: S.self), context)
        loss = Double(result.value.item)
        tape.backward(from: result)
        gradient = tape.gradient(of: leaf)
        let flat = Storage<S>(count: scope.list.flatCount)
        try #require(context.collectGradients(into: flat) == [])
        gradients = Dictionary(
            uniqueKeysWithValues: scope.list.entries.map {
                ($0.name, store.fileOrder($0, flat.pointer + $0.offset))
            })
    }

    /// The largest relative distance of the loss and of all gradients from the fixture's.
    func error(_ fixture: LossFixture) -> Double {
        let wanted = fixture.number("loss")
        var worst = max(abs(loss - wanted) / abs(wanted), distance(gradient, fixture.tensor("gradient")))
        let all = fixture.tensors("gradients")
        // Some gradients are 0 but for rounding: a bias before a softmax.
        let largest = all.reduce(1e-12) { $1.tensor.array.reduce($0) { max($0, abs($1)) } }
        for (name, tensor) in all {
            guard let found = gradients[name], found.count == tensor.elementCount else { return .infinity }
            for (a, b) in zip(found, tensor.array) { worst = max(worst, abs(Double(a) - b) / largest) }
        }
        return worst.isNaN ? .infinity : worst
    }
}
