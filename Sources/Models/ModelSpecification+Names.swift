import Layers

extension ModelSpecification {
    /// What the norms of the backbone's maps are called, before the number of the map.
    static let mapNorm = "norm"

    /// Whether the backbone's maps are normalised before the neck or the head reads them.
    package var normalizesMaps: Bool { head?.usesNormalizedMaps == true && backbone.normalizesMaps }

    /// Whether a parameter is of a norm between the backbone's maps and a neck or head.
    package func isMapNorm(_ name: String) -> Bool {
        guard let word = name.split(separator: ".").first, word.hasPrefix(Self.mapNorm) else { return false }
        return Int(word.dropFirst(Self.mapNorm.count)) != nil
    }

    /// The norms of those of the backbone's maps that are read, which add what the norm of the family's classifiers adds.
    func makeMapNorms(_ scope: Scope, _ taps: [FeatureTap]) -> [LayerNorm?] {
        guard normalizesMaps else { return [] }
        let first = head?.readsCoarsestMapAlone == true ? taps.count - 1 : neck?.firstMap ?? 0
        let epsilon = backbone.classifier.epsilon
        return taps.enumerated().map { index, tap in
            index < first
                ? nil : LayerNorm(scope[Self.mapNorm + String(index)], channels: tap.channels, epsilon: epsilon)
        }
    }

    /// Our name for a parameter that another library's checkpoint calls `name`, or `name` itself.
    public func canonicalName(_ name: String) -> String {
        if normalizesMaps, let norm = Self.mapNormName(name) { return norm }
        let parts = [neck.map { type(of: $0).canonicalName(name) }, head.map { type(of: $0).canonicalName(name) }]
        for case .some(.some(let known)) in parts { return known }
        // torchvision's detectors have their backbone's body in a part of its own.
        let plain = name.withoutPrefixes(["module."])
        let body = "backbone.body."
        return type(of: backbone).canonicalName(
            plain.hasPrefix(body) ? "backbone." + plain.dropFirst(body.count) : name)
    }

    /// Our name for a norm of the maps, from that of mmseg's backbones (`backbone.norm0.weight`) or of transformers'
    /// (`backbone.hidden_states_norms.stage1.weight`).
    private static func mapNormName(_ name: String) -> String? {
        let words = name.withoutPrefixes(["module.", "backbone."]).split(separator: ".").map(String.init)
        if words.count == 2, words[0].hasPrefix(mapNorm), Int(words[0].dropFirst(mapNorm.count)) != nil {
            return words.joined(separator: ".")
        }
        guard words.count == 3, words[0] == "hidden_states_norms", words[1].hasPrefix("stage"),
            let number = Int(words[1].dropFirst("stage".count)), number > 0
        else { return nil }
        return "\(mapNorm)\(number - 1).\(words[2])"
    }
}

extension String {
    /// Without each of the prefixes that it has, one after the other.
    func withoutPrefixes(_ prefixes: [String]) -> String {
        prefixes.reduce(self) { $0.hasPrefix($1) ? String($0.dropFirst($1.count)) : $0 }
    }
}
