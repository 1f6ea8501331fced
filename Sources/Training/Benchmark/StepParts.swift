import Autograd
import Models

/// Where the time of training steps goes, by the model's parts: backbone, neck, head, the loss with what is looked for on
/// the way to it, the optimizer.
package struct StepParts: Sendable {
    /// Seconds of a step, in the order of the forward pass.
    package private(set) var seconds: [(name: String, seconds: Double)] = []

    private static let names = ["backbone", "neck", "head", "loss", "optimizer"]

    /// - Parameters:
    ///   - events: of several steps.
    ///   - specification: of the model, which tells what layers are called.
    init(_ events: [OperationProfile.Event], steps: Int, _ specification: ModelSpecification) {
        var sums = [Double](repeating: 0, count: Self.names.count)
        for event in events { sums[Self.part(event, specification)] += event.end - event.start }
        for (name, sum) in zip(Self.names, sums) where sum > 0 { seconds.append((name, sum / Double(max(1, steps)))) }
    }

    private static func part(_ event: OperationProfile.Event, _ specification: ModelSpecification) -> Int {
        let isStep = ["optimizer", "gradient norm"].contains(event.operation.name)
        guard let word = event.path.split(separator: ".").first.map(String.init) else { return isStep ? 4 : 3 }
        if word == "neck" { return 1 }
        return word.hasSuffix("_head") || word == "decoder" || word == "decode_head" ? 2 : 0
    }
}
