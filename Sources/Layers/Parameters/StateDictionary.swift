import Tensors

/// A named array in file order, the common ground of checkpoints and parameter stores.
public struct NamedArray<S: Scalar>: Sendable {
    /// The dotted name.
    public let name: String
    /// In file order.
    public let shape: [Int]
    /// Row by row, in file order.
    public let values: [S]
    /// Whether files keep it as 64-bit integers.
    public let isInteger: Bool

    /// An array of as many values as its shape says.
    public init(name: String, shape: [Int], values: [S], isInteger: Bool = false) {
        self.name = name
        self.shape = shape
        self.values = values
        self.isInteger = isInteger
    }
}

/// What became of each entry when a state dict was loaded.
public struct LoadReport: Sendable, Equatable, CustomStringConvertible {
    /// Parameters of the model that the file lacks.
    public var missing: [String] = []
    /// Entries of the file that the model has no use for.
    public var unused: [String] = []
    /// Entries whose shape does not fit: "name: found [..], expected [..]".
    public var mismatched: [String] = []
    /// Filters that were resized to the model's size.
    public var resized: [String] = []

    /// A report of nothing.
    public init() {}

    /// Whether every parameter was found and every entry used, resizing apart.
    public var isComplete: Bool { missing.isEmpty && unused.isEmpty && mismatched.isEmpty }

    /// Counts and first names, in one sentence.
    public var description: String {
        func list(_ title: String, _ names: [String]) -> String? {
            guard !names.isEmpty else { return nil }
            let shown = names.prefix(3).joined(separator: ", ")
            return "\(names.count) \(title) (\(shown)\(names.count > 3 ? ", ..." : ""))"
        }
        let parts = [
            list("missing", missing), list("unused", unused), list("of another shape", mismatched),
            list("resized", resized),
        ].compactMap { $0 }
        return parts.isEmpty ? "all entries fit" : parts.joined(separator: "; ")
    }
}

extension ParameterStore {
    /// All parameters and buffers under their names, shapes and order in a PyTorch state dict.
    public func stateDictionary() -> [NamedArray<S>] {
        var arrays = list.entries.map { entry in
            NamedArray(
                name: entry.name, shape: entry.fileShape,
                values: fileOrder(entry, flat.pointer + entry.offset))
        }
        for (i, buffer) in list.buffers.enumerated() {
            arrays.append(
                NamedArray(
                    name: buffer.name, shape: buffer.shape.dimensions, values: buffers[i].array,
                    isInteger: buffer.isInteger))
        }
        return arrays
    }

    /// Elements of our layout in file order.
    package func fileOrder(_ entry: ParameterList.Entry, _ source: UnsafePointer<S>) -> [S] {
        let count = entry.shape.elementCount
        return [S](unsafeUninitializedCapacity: count) { target, initialized in
            if let base = target.baseAddress {
                base.initialize(repeating: 0, count: count)
                entry.layout.copy(entry.shape, from: source, to: base, toFile: true)
            }
            initialized = count
        }
    }

    /// Copies what fits from a state dict into this store.
    ///
    /// - Parameters:
    ///   - rename: translates names that the model does not have, those of another library.
    ///   - skipping: names that are left alone, a head of another size, say.
    /// - Returns: what was missing, unused, mismatched (left as it was) or resized. A complex filter of another size is
    ///   resized by bilinear interpolation with aligned corners, as HorNet's own loader does.
    public func load(
        _ arrays: [NamedArray<S>], rename: (String) -> String = { $0 }, skipping: Set<String> = []
    ) -> LoadReport {
        var report = LoadReport()
        var byName: [String: NamedArray<S>] = [:]
        let known = Set(list.entries.map(\.name) + list.buffers.map(\.name))
        for array in arrays { byName[known.contains(array.name) ? array.name : rename(array.name)] = array }
        for entry in list.entries where !skipping.contains(entry.name) {
            guard let array = byName.removeValue(forKey: entry.name) else {
                report.missing.append(entry.name)
                continue
            }
            let target = flat.pointer + entry.offset
            if array.shape == entry.fileShape {
                array.values.withUnsafeBufferPointer { source in
                    if let base = source.baseAddress {
                        entry.layout.copy(entry.shape, from: base, to: target, toFile: false)
                    }
                }
            } else if entry.layout == .spectrum, let resized = resizedSpectrum(array, to: entry) {
                resized.withUnsafeBufferPointer { source in
                    if let base = source.baseAddress {
                        entry.layout.copy(entry.shape, from: base, to: target, toFile: false)
                    }
                }
                report.resized.append("\(entry.name): \(Shape(array.shape)) -> \(Shape(entry.fileShape))")
            } else {
                report.mismatched.append(
                    "\(entry.name): found \(Shape(array.shape)), expected \(Shape(entry.fileShape))")
            }
        }
        for (i, buffer) in list.buffers.enumerated() where !skipping.contains(buffer.name) {
            guard let array = byName.removeValue(forKey: buffer.name) else {
                if !buffer.isOptional { report.missing.append(buffer.name) }
                continue
            }
            if array.values.count == buffer.shape.elementCount {
                buffers[i] = Tensor(buffer.shape, array.values)
            } else {
                report.mismatched.append("\(buffer.name): found \(Shape(array.shape)), expected \(buffer.shape)")
            }
        }
        flat.noteChange()
        report.unused = byName.keys.filter { !skipping.contains($0) }.sorted()
        return report
    }

    /// A filter [channels, rows, columns, 2] resized to the entry's rows and columns.
    private func resizedSpectrum(_ array: NamedArray<S>, to entry: ParameterList.Entry) -> [S]? {
        let wanted = entry.fileShape
        guard array.shape.count == 4, array.shape[0] == wanted[0], array.shape[3] == 2, array.shape[1] > 0,
            array.shape[2] > 0
        else { return nil }
        let (rows, columns) = (array.shape[1], array.shape[2])
        var result = [S](repeating: 0, count: wanted.reduce(1, *))
        func source(_ i: Int, _ from: Int, _ to: Int) -> (Int, Int, S) {
            let position = to > 1 ? S(i) * S(from - 1) / S(to - 1) : 0
            let low = min(Int(position), from - 1)
            return (low, min(low + 1, from - 1), position - S(low))
        }
        for r in 0..<wanted[1] {
            let (top, bottom, down) = source(r, rows, wanted[1])
            for c in 0..<wanted[2] {
                let (left, right, across) = source(c, columns, wanted[2])
                for channel in 0..<wanted[0] {
                    for part in 0..<2 {
                        func at(_ y: Int, _ x: Int) -> S {
                            array.values[((channel * rows + y) * columns + x) * 2 + part]
                        }
                        let upper = at(top, left) * (1 - across) + at(top, right) * across
                        let lower = at(bottom, left) * (1 - across) + at(bottom, right) * across
                        result[((channel * wanted[1] + r) * wanted[2] + c) * 2 + part] =
                            upper * (1 - down) + lower * down
                    }
                }
            }
        }
        return result
    }
}
