/// Short names for folders such as `optimizer.learningRate=1e-3,run.seed=0`.
enum VariationNames {
    /// Without the keys in which all agree and without what a key is part of, as far as that stays clear; nil where the
    /// names are not all of that kind.
    static func short(_ names: [String]) -> [String]? {
        let parts = names.map { $0.components(",") }
        guard names.count > 1, let first = parts.first, !first.isEmpty,
            parts.allSatisfy({ $0.allSatisfy { $0.contains("=") && !$0.contains("/") } })
        else { return nil }
        let shared = Set(first.filter { part in parts.allSatisfy { $0.contains(part) } })
        let kept = parts.map { $0.filter { !shared.contains($0) } }
        guard kept.allSatisfy({ !$0.isEmpty }) else { return nil }
        let keys = Array(Set(kept.joined().map { String($0.prefix { $0 != "=" }) }))
        let titles = Dictionary(zip(keys, titles(keys)), uniquingKeysWith: { $1 })
        let result = kept.map { parts in
            parts.map { part in
                let key = String(part.prefix { $0 != "=" })
                return (titles[key] ?? key) + part.dropFirst(key.count)
            }.joined(separator: ", ")
        }
        return Set(result).count == names.count ? result : nil
    }

    /// The last part of each key, or the whole key where that is also another's last part.
    static func titles(_ keys: [String]) -> [String] {
        func last(_ key: String) -> String { key.split(separator: ".").last.map { String($0) } ?? key }
        let counts = Dictionary(keys.map { (last($0), 1) }, uniquingKeysWith: +)
        return keys.map { counts[last($0)] == 1 ? last($0) : $0 }
    }
}

extension StringProtocol {
    func components(_ separator: String) -> [String] {
        split(separator: separator).map { String($0) }
    }

    func commonPrefix(with other: String) -> Substring {
        var end = startIndex
        for (mine, theirs) in zip(indices, other) where self[mine] == theirs && mine == end {
            end = index(after: mine)
        }
        return Substring(self[..<end])
    }
}
