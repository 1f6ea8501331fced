import Configuration
import Layers

/// What the kernels of a network's convolutions are made of, where they are not simply parameters.
public struct KernelSpecification: Sendable, Hashable, Codable {
    /// How a kernel adapts to the image.
    public enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
        /// A sum of experts with sigmoids for weights.
        case condConv
        /// A sum of experts with a softmax for weights.
        case dyConv
        /// The same, and factors for taps, inputs and outputs.
        case odConv
        /// Put together of cells that layers share.
        case kernelWarehouse
    }

    /// How a kernel adapts to the image.
    public var kind: Kind
    /// Kernels that a layer mixes; a kernel warehouse has none.
    public var experts: Int
    /// The hidden width of the attention as a share of the inputs; CondConv has none.
    public var reduction: Double
    /// Cells of a warehouse for each cell of the kernels.
    public var budget: Double
    /// How many epochs the attention takes from its start to what it is in the end; CondConv has no such thing.
    public var annealingEpochs: Double

    /// A kind as it is published, but for what is named.
    public init(
        _ kind: Kind, experts: Int = 4, reduction: Double? = nil, budget: Double = 1, annealingEpochs: Double? = nil
    ) {
        self.kind = kind
        self.experts = experts
        self.reduction = reduction ?? (kind == .dyConv ? 0.25 : 0.0625)
        self.budget = budget
        self.annealingEpochs = annealingEpochs ?? (kind == .kernelWarehouse ? 20 : 10)
    }

    /// Epochs over which the attention settles; nil where it is the same from the start.
    var settling: Double? { kind == .condConv || annealingEpochs == 0 ? nil : annealingEpochs }

    static let experts = 1...64
    static let reductions = 0.001...4.0
    static let budgets = 0.01...64.0
    static let epochs = 0.0...1e6

    /// Checks the numbers; one sentence per mistake.
    func validate() throws {
        try checkNumber("experts", experts, in: Self.experts)
        try checkNumber("reduction", reduction, in: Self.reductions)
        try checkNumber("budget", budget, in: Self.budgets)
        try checkNumber("annealingEpochs", annealingEpochs, in: Self.epochs)
    }
}

extension ConfigurationReader {
    /// Reads `convolution` and the keys of kernels that adapt to the image; `nil` for kernels that are parameters.
    func kernels(default start: KernelSpecification?) -> KernelSpecification? {
        let standard = "standard"
        let name = choice(
            "convolution", of: [standard] + KernelSpecification.Kind.allCases.map(\.rawValue),
            default: start?.kind.rawValue ?? standard,
            "What kernels are made of: themselves, or of each image by one of these layers")
        let experts = optionalInt(
            "experts", in: KernelSpecification.experts, "Kernels that condConv, dyConv and odConv mix, 4 when absent")
        let reduction = optionalDouble(
            "reduction", in: KernelSpecification.reductions,
            "Hidden width of the attention as a share of the inputs; 1/4 for dyConv, 1/16 for others when absent")
        let budget = optionalDouble(
            "budget", in: KernelSpecification.budgets,
            "Cells of a kernelWarehouse for each cell of the kernels, 1 when absent")
        let annealing = optionalDouble(
            "annealingEpochs", in: KernelSpecification.epochs,
            "Epochs in which the attention comes from its start to its end; 20 for kernelWarehouse, else 10 when absent"
        )
        let kind = KernelSpecification.Kind(rawValue: name)
        let uses: [(key: String, isGiven: Bool, kinds: [KernelSpecification.Kind])] = [
            ("experts", experts != nil, [.condConv, .dyConv, .odConv]),
            ("reduction", reduction != nil, [.dyConv, .odConv, .kernelWarehouse]),
            ("budget", budget != nil, [.kernelWarehouse]),
            ("annealingEpochs", annealing != nil, [.dyConv, .odConv, .kernelWarehouse]),
        ]
        for use in uses where use.isGiven && !use.kinds.contains(where: { $0 == kind }) {
            let known = use.kinds.map(\.rawValue).joined(separator: ", ")
            problem(use.key, "means nothing for \(name) convolutions, only for \(known)")
        }
        guard let kind else { return nil }
        let before = start?.kind == kind ? start ?? KernelSpecification(kind) : KernelSpecification(kind)
        return KernelSpecification(
            kind, experts: experts ?? before.experts, reduction: reduction ?? before.reduction,
            budget: budget ?? before.budget, annealingEpochs: annealing ?? before.annealingEpochs)
    }
}
