extension ConvNeXtSpecification {
    /// Translates the spellings of transformers and of the authors, whose backbones mmsegmentation's files hold, to timm's.
    public static func canonicalName(_ name: String) -> String {
        let plain = name.withoutPrefixes(["module.", "backbone.", "convnext.", "encoder."])
        let words = plain.split(separator: ".").map(String.init)
        func joined(_ start: String, _ rest: ArraySlice<String>) -> String {
            ([start] + rest.map { inBlock[$0] ?? $0 }).joined(separator: ".")
        }
        switch (words.first, words.count) {
        case ("embeddings", 3...):
            return (words[1] == "layernorm" ? "stem.1." : "stem.0.") + words[2]
        case ("downsample_layers", 4...):
            return words[1] == "0"
                ? joined("stem", words[2...]) : joined("stages.\(words[1]).downsample", words[2...])
        case ("stages", 4...) where words[2] == "downsampling_layer":
            return joined("stages.\(words[1]).downsample", words[3...])
        case ("stages", 5...) where words[2] == "layers":
            return joined("stages.\(words[1]).blocks.\(words[3])", words[4...])
        case ("stages", 4...) where Int(words[2]) != nil:
            return joined("stages.\(words[1]).blocks.\(words[2])", words[3...])
        default: return plain
        }
    }

    /// timm's words for the parts of a block.
    private static let inBlock = [
        "dwconv": "conv_dw", "layernorm": "norm", "pwconv1": "mlp.fc1", "pwconv2": "mlp.fc2",
        "layer_scale_parameter": "gamma",
    ]
}
