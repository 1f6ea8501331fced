import Checkpoints
import JSON
import Layers
import Models
import Tensors

/// Compares what a model computes with the results of an independent implementation, kept in a safetensors file: outputs,
/// losses, maps and every gradient, for given parameters and inputs.
package struct ParityCheck<S: Scalar> {
    package struct Outcome: Sendable {
        package let name: String
        /// max |difference| / max |reference|; infinite when the value is missing.
        package let error: Double
        package let tolerance: Double
        package var passed: Bool { error <= tolerance }
    }

    package let outcomes: [Outcome]
    /// Our values under the fixture's names, for `--output`.
    package let results: SafetensorsFile

    /// - Throws: `CheckpointError` when the file is no fixture or its parameters do not fit the model it names.
    package init(path: String, tolerance: Double) throws {
        let fixture = ParityFixture<S>(file: try SafetensorsFile.read(path: path), path: path)
        let ours = try Self.values(fixture)
        let byName = Dictionary(ours.entries.map { ($0.name, $0) }) { first, _ in first }
        let names = Self.caseNames(fixture)
        let compared = fixture.file.tensors.filter { Self.isResult($0.name, cases: names) }
        // Some gradients are zero but for rounding (a key's bias in attention, a scale before a batch norm); they are
        // measured against a share of the largest gradient of the same case.
        var floors: [String: Double] = [:]
        for reference in compared {
            guard let group = Self.gradientGroup(reference.name, cases: names) else { continue }
            floors[group] = try reference.doubles().reduce(floors[group] ?? 0) { max($0, abs($1)) }
        }
        outcomes = try compared.map { reference in
            let floor = ours.floor * (Self.gradientGroup(reference.name, cases: names).flatMap { floors[$0] } ?? 0)
            let error =
                try byName[reference.name].map { try Self.error($0.shape, $0.values, reference, floor: floor) }
                ?? .infinity
            let isGradient = Self.gradientGroup(reference.name, cases: names) != nil
            let allowed =
                try Self.tolerance(tolerance, reference) * (isGradient ? ours.gradientAllowance : ours.allowance)
            return Outcome(name: reference.name, error: error, tolerance: allowed)
        }
        let known = Set(compared.map(\.name))
        for entry in ours.entries where !known.contains(entry.name) {
            throw CheckpointError(path, "the fixture has no \(entry.name) to compare with")
        }
        results = SafetensorsFile(
            metadata: ["precision": S.scalarName],
            tensors: ours.entries.map { entry in
                (entry.values as? [Float]).map { StoredTensor(name: entry.name, shape: entry.shape, floats: $0) }
                    ?? StoredTensor(name: entry.name, shape: entry.shape, doubles: entry.values.map { Double($0) })
            })
    }

    /// By what the metadata describes: operations, layers by themselves, losses of distillation, parts of feature pyramids,
    /// U-Nets, a detector, a UPerNet, a Mobile-Former or another classifier.
    private static func values(_ fixture: ParityFixture<S>) throws -> ParityValues<S> {
        let cases = fixture.cases ?? []
        if cases.contains(where: { $0["op"] != nil }) { return try operations(fixture, cases) }
        if cases.contains(where: { $0["layer"] != nil }) { return try dynamicLayers(fixture, cases) }
        if cases.contains(where: { $0["bilinear"] != nil }) { return try unets(fixture, cases) }
        if cases.contains(where: { $0["lambda_"] != nil }) { return try focalGlobal(fixture, cases) }
        if cases.contains(where: { $0["kind"] != nil }) { return try pyramids(fixture, cases) }
        let config = fixture.config
        if config?["anchor_sizes"] != nil || config?["bbox_head"] != nil || config?["roi_head"] != nil {
            return try detector(fixture)
        }
        if config?["token_num"] != nil { return try mobileFormer(fixture) }
        return config?["decoder_channels"] != nil ? try upernet(fixture) : try classifier(fixture)
    }

    /// The names of a fixture's cases, which may have points in them.
    private static func caseNames(_ fixture: ParityFixture<S>) -> [String] {
        (fixture.cases ?? []).compactMap { $0["name"]?.stringValue }.filter { $0.contains(".") }
    }

    /// A tensor's name as words, that of its case being one of them.
    private static func words(_ name: String, cases: [String]) -> [Substring] {
        guard let own = cases.first(where: { name.hasPrefix($0 + ".") }) else {
            return name.split(separator: ".", omittingEmptySubsequences: false)
        }
        return [own[...]] + name.dropFirst(own.count + 1).split(separator: ".", omittingEmptySubsequences: false)
    }

    /// Whether a tensor of a fixture is a result rather than something given.
    private static func isResult(_ name: String, cases: [String]) -> Bool {
        let words = words(name, cases: cases)
        // Where a fixture is cut down, magnitudes of the whole are beside the values.
        if words[0] == "largest" { return false }
        let given: Set<Substring> = ["param", "input", "target", "in", "cotangent", "image"]
        return gradientGroup(name, cases: cases) != nil || !words.prefix(2).contains { given.contains($0) }
    }

    /// What stands before a gradient's `grad.`: the case that it belongs to.
    private static func gradientGroup(_ name: String, cases: [String]) -> String? {
        if name.hasPrefix("grad.") { return "" }
        let words = words(name, cases: cases)
        return words.count >= 3 && words[1] == "grad" ? String(words[0]) : nil
    }

    private static func error(
        _ shape: [Int], _ values: [S], _ reference: StoredTensor, floor: Double
    ) throws -> Double {
        guard shape == reference.shape || (values.count == 1 && reference.count == 1) else { return .infinity }
        var difference = 0.0
        var largest = floor
        for (a, b) in zip(values, try numbers(reference)) {
            let d = abs(Double(a) - b)
            difference = d.isNaN ? .infinity : max(difference, d)
            largest = max(largest, abs(b))
        }
        return largest > 0 ? difference / largest : difference
    }

    /// Boxes may be off by a thousandth of a pixel at most.
    private static func tolerance(_ tolerance: Double, _ reference: StoredTensor) throws -> Double {
        guard reference.shape.count == 2, reference.shape[1] == 4,
            reference.name.hasSuffix("boxes") || reference.name.contains(".proposals.")
        else { return tolerance }
        return min(tolerance, 1e-3 / max(1, try numbers(reference).reduce(0) { max($0, abs($1)) }))
    }

    private static func numbers(_ tensor: StoredTensor) throws -> [Double] {
        try tensor.type.isFloatingPoint ? tensor.doubles() : tensor.integers().map { Double($0) }
    }
}
