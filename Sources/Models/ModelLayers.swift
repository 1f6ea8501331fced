import Layers

/// Where in a model a parameter stands, as its name tells.
enum ModelPart: Equatable {
    case stem
    /// What leads into a stage, from 1 on, and what is added to its tokens.
    case entry(stage: Int)
    case block(stage: Int, index: Int)
    /// The last norm and the head.
    case head
}

extension ModelSpecification {
    /// The part that the parameter of that name belongs to; `nil` for none of this model.
    func part(of name: String) -> ModelPart? {
        let words = name.split(separator: ".").map(String.init)
        guard let first = words.first else { return nil }
        func number(_ position: Int) -> Int? { words.indices.contains(position) ? Int(words[position]) : nil }
        func block(_ stage: Int?, _ index: Int?) -> ModelPart? {
            guard let stage, let index else { return nil }
            return .block(stage: stage, index: index)
        }
        func entry(_ stage: Int?) -> ModelPart? { stage.map { $0 == 0 ? .stem : .entry(stage: $0) } }
        switch self {
        case .hornet:
            switch first {
            case "downsample_layers": return entry(number(1))
            case "stages": return block(number(1), number(2))
            case "norm", "head": return .head
            default: return nil
            }
        case .convnext:
            switch first {
            case "stem": return .stem
            case "stages":
                return words.count > 2 && words[2] == "downsample" ? entry(number(1)) : block(number(1), number(3))
            case "head": return .head
            default: return nil
            }
        case .resnet:
            if ["conv1", "bn1"].contains(first) { return .stem }
            if first == "fc" { return .head }
            return first.hasPrefix("layer") ? block(Int(first.dropFirst(5)).map { $0 - 1 }, number(1)) : nil
        case .cvt:
            if ["norm", "head"].contains(first) { return .head }
            guard first.hasPrefix("stage"), let stage = Int(first.dropFirst(5)), words.count > 1 else { return nil }
            if words[1] == "blocks" { return block(stage, number(2)) }
            // The class token goes with the last stage's embedding.
            return entry(stage)
        }
    }

    /// Blocks per stage.
    private var depths: [Int] {
        switch self {
        case .hornet(let specification): specification.depths
        case .convnext(let specification): specification.depths
        case .resnet(let specification): specification.depths
        case .cvt(let specification): specification.depths
        }
    }

    /// The parameters of the last linear layer, whose size is the number of classes.
    public var headParameters: [String] {
        let layer =
            switch self {
            case .hornet, .cvt: "head"
            case .convnext: "head.fc"
            case .resnet: "fc"
            }
        return [layer + ".weight", layer + ".bias"]
    }

    /// The number of a parameter's layer for layer-wise learning rates, from 0 for the stem to `lastLayer` for the head;
    /// what is not of this model, such as an adapter, goes with the head.
    ///
    /// The published depths of HorNet (2, 3, 18, 2) and of the larger ConvNeXts (3, 3, 27, 3) are numbered as their
    /// authors do: 0 to 13, in the third stage several blocks under one number. Any other depths have one number per
    /// block; what leads into a stage has the number of its first block.
    public func layer(of name: String) -> Int {
        switch part(of: name) {
        case nil, .head: return lastLayer
        case .stem: return 0
        case .entry(let stage): return layer(stage: stage, index: 0)
        case .block(let stage, let index): return layer(stage: stage, index: index)
        }
    }

    /// The number of the head.
    public var lastLayer: Int { publishedGroup == nil ? depths.reduce(0, +) + 1 : 13 }

    /// How many blocks of the third stage share a number, for published depths.
    private var publishedGroup: Int? {
        switch self {
        case .hornet(let specification): specification.depths == [2, 3, 18, 2] ? 2 : nil
        case .convnext(let specification): specification.depths == [3, 3, 27, 3] ? 3 : nil
        default: nil
        }
    }

    private func layer(stage: Int, index: Int) -> Int {
        guard let group = publishedGroup else { return depths.prefix(stage).reduce(0, +) + index + 1 }
        switch stage {
        case 0, 1: return stage + 1
        case 2: return min(3 + index / group, 11)
        default: return 12
        }
    }

    /// The factor on the learning rate of each parameter: `decay` for every layer between it and the head. Empty for a
    /// decay of 1.
    public func learningRateMultipliers(_ list: ParameterList, decay: Double) -> [String: Double] {
        guard decay != 1 else { return [:] }
        var factors = [1.0]
        for _ in 0..<lastLayer { factors.append(factors[factors.count - 1] * decay) }
        return Dictionary(uniqueKeysWithValues: list.entries.map { ($0.name, factors[lastLayer - layer(of: $0.name)]) })
    }
}
