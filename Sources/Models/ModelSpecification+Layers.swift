import Layers

extension ModelSpecification {
    /// The number of a parameter's layer for layer-wise learning rates, from 0 for the stem to `lastLayer` for the head;
    /// what is not of the backbone, such as a neck or an adapter, goes with the head.
    ///
    /// Each block has a number of its own, unless the family's authors number otherwise (`blockLayers`); what leads into
    /// a stage has the number of its first block.
    public func layer(of name: String) -> Int {
        let layers = backbone.blockLayers
        func number(_ stage: Int, _ index: Int) -> Int? {
            layers.indices.contains(stage) && layers[stage].indices.contains(index) ? layers[stage][index] : nil
        }
        return switch backbone.part(of: name) {
        case nil: lastLayer
        case .stem: 0
        case .entry(let stage): number(stage, 0) ?? lastLayer
        case .block(let stage, let index): number(stage, index) ?? lastLayer
        }
    }

    /// Whether a parameter lies between the first layer and what answers: in a block of the backbone or on the way to one.
    public func isHidden(_ name: String) -> Bool {
        switch backbone.part(of: name) {
        case .entry, .block: true
        case .stem, nil: false
        }
    }

    /// The number of the head.
    public var lastLayer: Int { (backbone.blockLayers.last?.last ?? 0) + 1 }

    /// The factor on the learning rate of each parameter: `decay` for every layer between it and the head. Empty for a
    /// decay of 1.
    public func learningRateMultipliers(_ list: ParameterList, decay: Double) -> [String: Double] {
        guard decay != 1 else { return [:] }
        let last = lastLayer
        var factors = [1.0]
        for _ in 0..<last { factors.append(factors[factors.count - 1] * decay) }
        return Dictionary(uniqueKeysWithValues: list.entries.map { ($0.name, factors[last - layer(of: $0.name)]) })
    }
}

/// The numbers of blocks for published depths of four stages, 1 to 12 as HorNet's and ConvNeXt's authors count them: in
/// the third stage several blocks share a number.
func publishedBlockLayers(_ depths: [Int], together: Int) -> [[Int]] {
    depths.enumerated().map { stage, depth in
        (0..<depth).map { index in
            switch stage {
            case 0, 1: stage + 1
            case 2: min(3 + index / together, 11)
            default: 12
            }
        }
    }
}

/// The words of a parameter's dotted name, as far as they are there.
struct NameWords {
    private let words: [String]

    init(_ name: String) { words = name.split(separator: ".").map(String.init) }

    subscript(position: Int) -> String? { words.indices.contains(position) ? words[position] : nil }

    func number(_ position: Int) -> Int? { self[position].flatMap { Int($0) } }

    /// The number that the first word ends with, after a prefix.
    func number(after prefix: String) -> Int? {
        guard let first = self[0], first.hasPrefix(prefix) else { return nil }
        return Int(first.dropFirst(prefix.count))
    }

    /// What leads into a stage, the stem for the first; `nil` without a number.
    static func entry(_ stage: Int?) -> BackbonePart? { stage.map { $0 == 0 ? .stem : .entry(stage: $0) } }

    /// A block; `nil` without both numbers.
    static func block(_ stage: Int?, _ index: Int?) -> BackbonePart? {
        guard let stage, let index else { return nil }
        return .block(stage: stage, index: index)
    }
}
