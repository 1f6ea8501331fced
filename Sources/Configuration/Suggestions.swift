/// The candidate a misspelt word most likely meant, or nil when none is close.
///
/// In this order: equal but for case, `_` and `-`; the smallest Damerau-Levenshtein distance of at most a third of the
/// letters; one word containing the other. The earlier candidate wins a tie.
package func nearest(_ word: String, in candidates: [String]) -> String? {
    let plainWord = folded(word)
    guard !plainWord.isEmpty, plainWord.count <= 200 else { return nil }
    var best: (candidate: String, distance: Int)?
    var containing: String?
    for candidate in candidates {
        let plainCandidate = folded(candidate)
        if plainCandidate == plainWord { return candidate }
        let longer = max(plainWord.count, plainCandidate.count)
        let shorter = min(plainWord.count, plainCandidate.count)
        let cutOff = max(1, longer / 3)
        if longer - shorter <= cutOff, longer > 1 {
            let distance = editDistance(plainWord, plainCandidate)
            if distance <= cutOff, distance < longer, distance < best?.distance ?? .max {
                best = (candidate, distance)
            }
        }
        if containing == nil, shorter >= 3, plainCandidate.contains(plainWord) || plainWord.contains(plainCandidate) {
            containing = candidate
        }
    }
    return best?.candidate ?? containing
}

/// Whether two words differ at most in case, `_` and `-`.
func isSameWord(_ first: String, _ second: String) -> Bool { folded(first) == folded(second) }

/// Lower case without `_`, `-` and spaces: what people vary when they remember a name but not its spelling.
func folded(_ word: String) -> [Character] {
    word.lowercased().filter { $0 != "_" && $0 != "-" && $0 != " " }
}

/// Damerau-Levenshtein distance (optimal string alignment): insertions, deletions, substitutions and swaps of neighbours.
package func editDistance(_ first: [Character], _ second: [Character]) -> Int {
    if first.isEmpty || second.isEmpty { return max(first.count, second.count) }
    var beforePrevious = [Int]()
    var previous = Array(0...second.count)
    for i in 1...first.count {
        var current = [i]
        current.reserveCapacity(second.count + 1)
        for j in 1...second.count {
            let substitution = previous[j - 1] + (first[i - 1] == second[j - 1] ? 0 : 1)
            var distance = min(previous[j] + 1, current[j - 1] + 1, substitution)
            if i > 1, j > 1, first[i - 1] == second[j - 2], first[i - 2] == second[j - 1] {
                distance = min(distance, beforePrevious[j - 2] + 1)
            }
            current.append(distance)
        }
        (beforePrevious, previous) = (previous, current)
    }
    return previous[second.count]
}

/// Text of a user's in back-quotes on one line, with control characters made visible, and cut at `limit` characters.
func quoted(_ text: String, to limit: Int = 60) -> String { "`\(shortened(text, to: limit))`" }

func quoted(path: String) -> String { quoted(path, to: 1000) }

/// Text on one line: characters that steer a terminal or turn a line around as escapes, and no longer than `limit`
/// characters.
func shortened(_ text: String, to limit: Int) -> String {
    var result = ""
    for (count, character) in text.enumerated() {
        if count == limit { return result + "..." }
        for scalar in character.unicodeScalars {
            result += scalar.isSteering ? scalar.escaped(asASCII: true) : String(scalar)
        }
    }
    return result
}

extension Unicode.Scalar {
    /// Whether a character controls a terminal, breaks a line or turns the direction of the text after it.
    var isSteering: Bool {
        switch value {
        case 0x061C, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069: true
        default: properties.generalCategory == .control
        }
    }
}

/// `", did you mean `x`?"`, or nothing when no candidate is close.
func suggestion(_ word: String, in candidates: [String]) -> String {
    nearest(word, in: candidates).map { ", did you mean \(quoted($0))?" } ?? ""
}
