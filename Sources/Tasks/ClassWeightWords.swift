import Configuration

/// What `loss.classWeights` may say, whatever the task makes of it.
enum ClassWeightWords {
    /// Nothing is weighted.
    case equal
    /// As if the classes were equally frequent.
    case balanced
    /// One for each class, none below 0 and not all 0.
    case list([Double])

    /// Reads the key; what is wrong is told to the reader and counts as nothing said.
    init(_ reader: ConfigurationReader, _ summary: String) {
        let words = reader.words("classWeights", default: "none", summary)
        self = .equal
        if words == ["balanced"] {
            self = .balanced
        } else if words != ["none"] {
            let values = words.compactMap { Double($0) }
            guard values.count == words.count, values.allSatisfy({ $0 >= 0 && $0 <= 1e6 }),
                values.contains(where: { $0 > 0 })
            else {
                reader.problem(
                    "classWeights",
                    "found \(words.joined(separator: ", ")), expected none, balanced, or a list of numbers from 0 to "
                        + "1000000 that are not all 0")
                return
            }
            self = .list(values)
        }
    }
}
