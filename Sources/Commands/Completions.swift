import ArgumentParser
import Configuration
import Training

/// What a shell offers in place of a word, see `trainer --generate-completion-script`.
extension CompletionKind {
    static var config: CompletionKind { .file(extensions: ["yaml", "yml"]) }
    static var weights: CompletionKind { .file(extensions: ["safetensors"]) }

    /// The keys of configurations, each with =, and behind it the words that a key may be.
    static var settings: CompletionKind { .custom { _, _, word in SettingCompletions.offered(for: word) } }
}

enum SettingCompletions {
    /// - Parameter word: what is typed already, such as optim, or model.mixer=dil.
    static func offered(for word: String) -> [String] {
        guard let keys = try? ConfigurationReference.all().keys else { return [] }
        let values = keys.filter { !$0.isSection && !$0.path.contains("[]") }
        guard let mark = word.firstIndex(of: "=") else {
            return values.map { $0.path + "=" }.filter { $0.hasPrefix(word) }
        }
        let forms = values.first { $0.path == word[..<mark] }?.forms ?? []
        var words: [String] = []
        for entry in forms.map(\.entry) {
            let offered = entry.type?.scalar == .boolean ? ["true", "false"] : entry.choices
            words += offered.filter { !words.contains($0) }
        }
        return words.map { word[...mark] + $0 }.filter { $0.hasPrefix(word) }
    }
}
