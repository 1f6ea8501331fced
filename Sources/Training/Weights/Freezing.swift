import Configuration
import Layers
import Tasks
import Tensors

extension ParameterStore {
    /// Freezes every parameter whose name one of the patterns matches (`optimizer.freeze`).
    /// - Throws: `RecipeError` when a pattern matches nothing, with the names that come nearest, or nothing is left.
    func freeze(_ patterns: [String]) throws {
        guard !patterns.isEmpty else { return }
        for pattern in patterns {
            let matches = list.entries.indices.filter { Glob.matches(list.entries[$0].name, pattern) }
            guard !matches.isEmpty else {
                throw RecipeError("optimizer.freeze: `\(pattern)` matches no parameter\(hint(pattern))")
            }
            for index in matches { isTrainable[index] = false }
        }
        if !isTrainable.contains(true) {
            throw RecipeError("optimizer.freeze: the patterns freeze every parameter, so there is nothing to train")
        }
    }

    /// The three names or groups of names that come nearest to a pattern.
    private func hint(_ pattern: String) -> String {
        var candidates: [String] = []
        var known: Set<String> = []
        for entry in list.entries {
            let words = entry.name.split(separator: ".")
            for count in 1..<max(2, words.count) {
                let group = words.prefix(count).joined(separator: ".") + ".*"
                if words.count > 1, known.insert(group).inserted { candidates.append(group) }
            }
            candidates.append(entry.name)
        }
        var near: [String] = []
        while near.count < 3, let next = nearest(pattern, in: candidates) {
            near.append("`\(next)`")
            candidates.removeAll { $0 == next }
        }
        if near.isEmpty { near = candidates.prefix(3).map { "`\($0)`" } }
        return ", did you mean \(near.joined(separator: " or "))?"
    }
}

/// Patterns of names: `*` stands for any characters, dots too, `?` for a single one.
enum Glob {
    static func matches(_ name: String, _ pattern: String) -> Bool {
        let (name, pattern) = (Array(name), Array(pattern))
        var (i, j) = (0, 0)
        var star: (pattern: Int, name: Int)?
        while i < name.count {
            if j < pattern.count, pattern[j] == "*" {
                star = (j, i)
                j += 1
            } else if j < pattern.count, pattern[j] == "?" || pattern[j] == name[i] {
                (i, j) = (i + 1, j + 1)
            } else if let last = star {
                // The last star takes one character more.
                star = (last.pattern, last.name + 1)
                (i, j) = (last.name + 1, last.pattern + 1)
            } else {
                return false
            }
        }
        return pattern[j...].allSatisfy { $0 == "*" }
    }
}
