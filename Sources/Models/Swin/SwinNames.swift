import Layers

extension SwinSpecification {
    /// Translates torchvision's names to timm's; those of older timm and of the authors' heads too.
    public static func canonicalName(_ name: String) -> String {
        let plain = name.withoutPrefixes(["module.", "backbone."])
        let words = plain.split(separator: ".").map(String.init)
        guard words.count > 2, words[0] == "features", let number = Int(words[1]) else {
            return ["head.weight": "head.fc.weight", "head.bias": "head.fc.bias"][plain] ?? plain
        }
        let rest = words[2...]
        if number == 0 {
            let parts = ["0": "proj", "2": "norm"]
            return (["patch_embed", parts[words[2]] ?? words[2]] + rest.dropFirst()).joined(separator: ".")
        }
        if number % 2 == 0 { return (["layers", String(number / 2), "downsample"] + rest).joined(separator: ".") }
        var block = rest.dropFirst().map { $0 }
        if block.count > 1, block[0] == "mlp" { block[1] = ["0": "fc1", "3": "fc2"][block[1]] ?? block[1] }
        return (["layers", String(number / 2), "blocks", words[2]] + block).joined(separator: ".")
    }

    /// By timm's names. As its authors number layers, what leads into a stage goes with the last block before it.
    public func part(of name: String) -> BackbonePart? {
        let words = NameWords(name)
        switch (words[0], words[2]) {
        case ("patch_embed", _): return .stem
        case ("layers", "downsample"):
            guard let stage = words.number(1), stage > 0, stage <= depths.count else { return nil }
            return .block(stage: stage - 1, index: depths[stage - 1] - 1)
        case ("layers", _): return NameWords.block(words.number(1), words.number(3))
        default: return nil
        }
    }
}
