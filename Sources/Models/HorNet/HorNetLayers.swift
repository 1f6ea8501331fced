extension HorNetSpecification {
    /// By the official names.
    public func part(of name: String) -> BackbonePart? {
        let words = NameWords(name)
        return switch words[0] {
        case "downsample_layers": NameWords.entry(words.number(1))
        case "stages": NameWords.block(words.number(1), words.number(2))
        default: nil
        }
    }

    /// The published depths are numbered as their authors do: 1 to 12, in the third stage two blocks under one number.
    public var blockLayers: [[Int]] {
        depths == [2, 3, 18, 2] ? publishedBlockLayers(depths, together: 2) : consecutiveBlockLayers
    }
}
