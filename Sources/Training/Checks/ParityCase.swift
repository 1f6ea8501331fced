import Autograd
import Checkpoints
import JSON
import Tensors

/// One operation of a fixture that holds many: its operands, incoming gradients and results begin with its name.
struct ParityCase<S: Scalar> {
    let fixture: ParityFixture<S>
    let description: JSONValue
    let name: String
    /// What is computed.
    let operation: String

    /// - Parameter kind: the entry that says what is computed.
    init(_ fixture: ParityFixture<S>, _ description: JSONValue, kind: String = "op") throws {
        guard let name = description["name"]?.stringValue, let operation = description[kind]?.stringValue else {
            throw fixture.fail("a case of the metadata has no name or no \(kind)")
        }
        (self.fixture, self.description, self.name, self.operation) = (fixture, description, name, operation)
    }

    func fail(_ reason: String) -> CheckpointError { fixture.fail("the case \(name): \(reason)") }

    func has(_ part: String) -> Bool { fixture.file["\(name).\(part)"] != nil }

    func shape(_ part: String) -> [Int]? { fixture.file["\(name).\(part)"]?.shape }

    /// An operand or a result as it stands in the file.
    func tensor(_ part: String) throws -> Tensor<S> {
        let stored = try stored(part)
        return Tensor(Shape(stored.shape), try stored.doubles().map { S($0) })
    }

    /// A batch of maps, channels last.
    func map(_ part: String) throws -> Tensor<S> { try fixture.map("\(name).\(part)") }

    /// Numbers in double precision.
    func doubles(_ part: String) throws -> [Double] { try stored(part).doubles() }

    func integers(_ part: String) throws -> [Int] { try stored(part).integers() }

    /// A class for every pixel.
    func labels(_ part: String) throws -> [UInt8] { try fixture.labels("\(name).\(part)") }

    private func stored(_ part: String) throws -> StoredTensor {
        guard let stored = fixture.file["\(name).\(part)"] else { throw fail("the fixture has no \(part)") }
        return stored
    }

    /// The rows of an operand [R, width].
    func rows(_ part: String, width: Int) throws -> [Tensor<S>] {
        let all = try tensor(part)
        guard all.shape.rank == 2, all.shape[1] == width else { throw fail("\(part) is not [.., \(width)]") }
        let numbers = all.array
        return (0..<all.shape[0]).map { Tensor([1, width], Array(numbers[$0 * width..<($0 + 1) * width])) }
    }

    /// Whether each element of a target is 1 rather than 0.
    func answers(_ part: String) throws -> [Bool] {
        try doubles(part).map { target in
            guard target == 0 || target == 1 else { throw fail("\(part) has \(target), expected 0 or 1") }
            return target == 1
        }
    }

    func number(_ key: String) throws -> Double {
        guard let value = description[key]?.doubleValue else { throw fail("\(key) is missing or no number") }
        return value
    }

    func integer(_ key: String) throws -> Int {
        guard let value = description[key]?.integerValue else { throw fail("\(key) is missing or no integer") }
        return value
    }

    func text(_ key: String) throws -> String {
        guard let value = description[key]?.stringValue else { throw fail("\(key) is missing or no text") }
        return value
    }

    func flag(_ key: String) throws -> Bool {
        guard let value = description[key]?.boolValue else { throw fail("\(key) is missing or neither true nor false") }
        return value
    }

    func numbers(_ key: String) throws -> [Double] {
        guard let values = description[key]?.arrayValue?.map(\.doubleValue), !values.contains(nil) else {
            throw fail("\(key) is missing or no list of numbers")
        }
        return values.compactMap { $0 }
    }

    func pair(_ key: String) throws -> Pair {
        let values = try fixture.integers(description, key)
        guard values.count == 2 else { throw fail("\(key) is not [vertical, horizontal]") }
        return Pair(values[0], values[1])
    }
}
