import Configuration

extension MobileFormerSpecification {
    /// What a configuration starts from that names the family alone: 294M.
    public static let free = published(
        "16; 16(2) d24(6) n24(4) d48(6) n48(4) d96(6) n96(4) n128(6) n128(6) d192(6) n192(6) n192(6)", 6, 192, 1920)

    /// The published models (Chen et al., arXiv 2108.05895, tables 1 and 12) and our own small one for 32 pixels.
    public static let variants: [ModelVariant<MobileFormerSpecification>] = [
        ModelVariant(
            "mobile_former_nano32",
            published(
                "16; 16(2) d32(4) n32(3) d64(4) n64(3) d128(4) n128(3)", 3, 64, 256, stemStride: 1, classes: 10)),
        ModelVariant(
            "mobile_former_26m",
            published("8; l12(3) n12(3) d24(6) n24(3) d48(6) n48(4) n64(6) d96(6) n96(6)", 3, 128, 1024, groups: 4)),
        ModelVariant(
            "mobile_former_52m",
            published("8; l12(3) n12(3) d24(6) n24(3) d48(6) n48(4) n64(6) d96(6) n96(6)", 3, 128, 1024)),
        ModelVariant(
            "mobile_former_96m",
            published("12; 12(2) d16(6) d32(6) n32(3) d64(6) n64(4) n88(6) d128(6) n128(6)", 4, 128, 1280)),
        ModelVariant(
            "mobile_former_151m",
            published(
                "12; 12(2) d16(6) n16(3) d32(6) n32(3) d64(6) n64(4) n88(6) n88(6) d128(6) n128(6) n128(6)", 6, 192,
                1280)),
        ModelVariant(
            "mobile_former_214m",
            published(
                "12; 12(2) d20(6) n20(3) d40(6) n40(4) d80(6) n80(4) n112(6) n112(6) d160(6) n160(6) n160(6)", 6, 192,
                1600)),
        ModelVariant("mobile_former_294m", free),
        ModelVariant(
            "mobile_former_508m",
            published(
                "24; 24(2) d40(6) n40(3) d72(6) n72(3) d128(6) n128(4) n176(6) n176(6) d240(6) n240(6) n240(6)", 6, 192,
                1920)),
    ]

    /// A model by a line as in the paper's tables: the stem's width, then each row's width and, in brackets, its expansion;
    /// d and l halve the map.
    private static func published(
        _ line: String, _ tokens: Int, _ tokenWidth: Int, _ embedding: Int, stemStride: Int = 2, groups: Int = 1,
        classes: Int = 1000
    ) -> MobileFormerSpecification {
        let words = line.split { " ();".contains($0) }.map(String.init)
        func number(_ word: String) -> Int { Int(word.drop { $0.isLetter }) ?? 0 }
        let rows = stride(from: 1, to: words.count - 1, by: 2)
        return MobileFormerSpecification(
            stemWidth: number(words[0]), stemStride: stemStride, widths: rows.map { number(words[$0]) },
            expansions: rows.map { number(words[$0 + 1]) },
            strides: rows.map { words[$0].hasPrefix("d") || words[$0].hasPrefix("l") ? 2 : 1 },
            tokens: Tokens(count: tokens, width: tokenWidth), ending: Ending(width: embedding), groups: groups,
            classes: classes)
    }

    /// Reads the keys of Mobile-Former from the section `model`.
    public init(reading reader: ConfigurationReader, from start: MobileFormerSpecification) {
        self = start
        stemWidth = reader.int(
            "stemWidth", default: stemWidth, in: ModelLimits.widths, "Channels of the first convolution")
        stemStride = reader.int("stemStride", default: stemStride, in: 1...2, "Stride of the first convolution")
        widths = reader.ints("widths", default: widths, in: ModelLimits.widths, "Channels per row of blocks")
        expansions = reader.ints(
            "expansions", default: expansions, in: ModelLimits.expansions,
            "How many times its input's channels each row computes with")
        strides = reader.ints("strides", default: strides, in: 1...2, "2 for each row that halves the map, else 1")
        secondExpansion = reader.int(
            "secondExpansion", default: secondExpansion, in: ModelLimits.expansions,
            "The same for the second half of rows that halve the map")
        tokens.count = reader.int("tokens", default: tokens.count, in: ModelLimits.tokens, "Global tokens")
        tokens.width = reader.int(
            "tokenWidth", default: tokens.width, in: ModelLimits.widths, "Channels of a token, a multiple of 4")
        ending.expansion = reader.int(
            "headExpansion", default: ending.expansion, in: ModelLimits.expansions,
            "How many times the last map's channels the head's convolution has")
        ending.width = reader.int(
            "embedding", default: ending.width, in: ModelLimits.widths, "Channels before the last linear layer")
        ending.dropout = reader.double("dropout", default: ending.dropout, in: 0...0.99, "Share of them dropped")
        groups = reader.int("groups", default: groups, in: ModelLimits.groups, "Groups of the 1x1 convolutions")
        dropPath = reader.double("dropPath", default: dropPath, in: 0...0.99, "Drop rate of the last row's branches")
        reader.report(validate)
    }
}
