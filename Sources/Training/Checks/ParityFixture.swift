import Autograd
import Checkpoints
import JSON
import Layers
import Tensors

/// What is given in a fixture of a parity check.
struct ParityFixture<S: Scalar> {
    let file: SafetensorsFile
    let path: String

    /// The metadata entry `config`.
    var config: JSONValue? { file.metadata["config"].flatMap { try? JSONValue(parsing: $0) } }

    /// The metadata entry `cases`.
    var cases: [JSONValue]? { file.metadata["cases"].flatMap { try? JSONValue(parsing: $0) }?.arrayValue }

    func fail(_ reason: String) -> CheckpointError { CheckpointError(path, reason) }

    /// A number of a description.
    func integer(_ description: JSONValue?, _ key: String) throws -> Int {
        guard let value = description?[key]?.integerValue else {
            throw fail("the entry \(key) of the metadata is missing or has the wrong type")
        }
        return value
    }

    /// Numbers of a description.
    func integers(_ description: JSONValue?, _ key: String) throws -> [Int] {
        guard let values = description?[key]?.arrayValue?.map(\.integerValue), !values.contains(nil) else {
            throw fail("the entry \(key) of the metadata is missing or has the wrong type")
        }
        return values.compactMap { $0 }
    }

    /// A number of a description that need not be whole.
    func number(_ description: JSONValue?, _ key: String) throws -> Double {
        guard let value = description?[key]?.doubleValue else {
            throw fail("the entry \(key) of the metadata is missing or has the wrong type")
        }
        return value
    }

    /// Such numbers of a description.
    func numbers(_ description: JSONValue?, _ key: String) throws -> [Double] {
        try description?[key].map { try numbers($0) } ?? []
    }

    /// A list of such numbers.
    func numbers(_ list: JSONValue) throws -> [Double] {
        guard let values = list.arrayValue?.map(\.doubleValue), !values.contains(nil) else {
            throw fail("a list of the metadata is missing or holds other things than numbers")
        }
        return values.compactMap { $0 }
    }

    /// A batch of maps [N, C, H, W] of the file, channels last.
    func map(_ name: String) throws -> Tensor<S> {
        guard let stored = file[name], stored.shape.count == 4 else {
            throw fail("the fixture has no \(name) [N, C, H, W]")
        }
        return Tensor(Shape(stored.shape), try stored.doubles().map { S($0) }).channelsLast
    }

    /// A class for every pixel, 255 for none.
    func labels(_ name: String) throws -> [UInt8] {
        guard let stored = file[name] else { throw fail("the fixture has no \(name)") }
        return try stored.integers().map { label in
            guard let label = UInt8(exactly: label) else { throw fail("\(name) has \(label), expected 0 to 255") }
            return label
        }
    }

    /// Loads everything under the prefix, where nothing may be missing or left over but what is skipped.
    func load(
        _ store: ParameterStore<S>, _ prefix: String = "param.", rename: (String) -> String = { $0 },
        skipping: Set<String> = []
    ) throws {
        let arrays = try file.tensors.filter { $0.name.hasPrefix(prefix) }.map { tensor in
            NamedArray<S>(
                name: String(tensor.name.dropFirst(prefix.count)), shape: tensor.shape,
                values: try tensor.type.isFloatingPoint
                    ? tensor.doubles().map { S($0) } : tensor.integers().map { S($0) })
        }
        let report = store.load(arrays, rename: rename, skipping: skipping)
        guard report.isComplete, report.resized.isEmpty else {
            throw fail("the parameters do not fit the model: \(report)")
        }
    }
}

/// Values of ours under a fixture's names, in the layout of its files.
struct ParityValues<S: Scalar> {
    private(set) var entries: [(name: String, shape: [Int], values: [S])] = []
    /// The share of the largest gradient that smaller ones are measured against.
    var floor = 1e-2
    /// How many times the tolerance results may be off.
    var allowance = 1.0
    /// How many times the tolerance gradients may be off.
    var gradientAllowance = 1.0

    mutating func add(_ name: String, shape: [Int], _ values: [S]) { entries.append((name, shape, values)) }

    mutating func add(_ name: String, _ number: Tensor<S>) { add(name, shape: [1], number.array) }

    /// Maps [N, H, W, C].
    mutating func add(_ name: String, map: Tensor<S>) {
        let turned = map.channelsFirst
        add(name, shape: turned.shape.dimensions, turned.array)
    }

    /// The gradients of all parameters after `backward`, those of given leaves as well.
    /// - Parameter rename: from the fixture's names to ours; a gradient that the fixture does not have keeps our name.
    mutating func addGradients(
        _ context: Context<S>, _ fixture: ParityFixture<S>, _ prefix: String = "grad.",
        leaves: [(name: String, leaf: Variable<S>)] = [], rename: (String) -> String = { $0 }
    ) {
        let store = context.store
        let flat = Storage<S>(count: store.list.flatCount)
        let missing = Set(context.collectGradients(into: flat))
        for (name, leaf) in leaves {
            if let gradient = context.tape?.gradient(of: leaf) { add(prefix + name, map: gradient) }
        }
        let theirs = fixture.file.tensors.filter { $0.name.hasPrefix(prefix) }.map {
            String($0.name.dropFirst(prefix.count))
        }
        let names = Dictionary(theirs.map { (rename($0), $0) }) { first, _ in first }
        for (index, entry) in store.list.entries.enumerated()
        where !missing.contains(entry.name) && store.isTrainable[index] {
            add(
                prefix + (names[entry.name] ?? entry.name), shape: entry.fileShape,
                store.fileOrder(entry, flat.pointer + entry.offset))
        }
    }
}

extension Tensor {
    /// [N, C, H, W] -> [N, H, W, C].
    fileprivate var channelsLast: Tensor { Variable(self).transposed([0, 2, 3, 1]).value }

    /// [N, H, W, C] -> [N, C, H, W].
    fileprivate var channelsFirst: Tensor { Variable(self).transposed([0, 3, 1, 2]).value }
}
