import Layers

extension HorNetSpecification {
    /// Translates mmpretrain's spelling of a parameter name to the official one.
    public static func canonicalName(_ name: String) -> String {
        var name = name
        if name.hasPrefix("module.") { name.removeFirst("module.".count) }
        if name.hasPrefix("head.fc.") { return "head." + name.dropFirst("head.fc.".count) }
        guard name.hasPrefix("backbone.") else { return name }
        name.removeFirst("backbone.".count)
        if name.hasPrefix("norm3.") { return "norm." + name.dropFirst("norm3.".count) }
        for gamma in ["gamma1", "gamma2"] where name.hasSuffix(".\(gamma).weight") { name.removeLast(".weight".count) }
        return replacing("gnconv.projs.", with: "gnconv.pws.", in: name)
    }

    /// Translates the official name of a parameter to mmpretrain's spelling: the inverse of `canonicalName`.
    public static func mmpretrainName(_ name: String) -> String? {
        if name.hasPrefix("head.") { return "head.fc." + name.dropFirst("head.".count) }
        if name.hasPrefix("norm.") { return "backbone.norm3." + name.dropFirst("norm.".count) }
        let isGamma = ["gamma1", "gamma2"].contains { name.hasSuffix("." + $0) }
        return "backbone." + replacing("gnconv.pws.", with: "gnconv.projs.", in: name) + (isGamma ? ".weight" : "")
    }
}

/// The text with the first occurrence of a part replaced.
private func replacing(_ part: String, with other: String, in text: String) -> String {
    var start = text.startIndex
    while start < text.endIndex {
        if text[start...].hasPrefix(part) {
            return text[..<start] + other + text[text.index(start, offsetBy: part.count)...]
        }
        start = text.index(after: start)
    }
    return text
}
