import Configuration

/// The classes that a table names, in the order of the labels.
struct ListedClasses {
    let names: [String]
    private let positions: [String: Int]
    /// Whether words in the table are numbers of given classes.
    private let areIndices: Bool

    /// - Parameters:
    ///   - words: the different words that stand for classes of training images.
    ///   - given: the classes' names in order; nil takes the words themselves, as numbers where all are numbers, else by
    ///     name.
    init(_ words: Set<String>, given: [String]?) {
        if let given {
            names = given
            let known = Set(given)
            areIndices =
                !words.isSubset(of: known)
                && words.allSatisfy { Int($0).map { given.indices.contains($0) } ?? false }
        } else {
            let numbers = words.compactMap { Int($0) }
            // Unicode scalars, not the locale: the order decides labels and must be the same everywhere.
            names =
                numbers.count == words.count
                ? words.sorted { (Int($0) ?? 0, $0) < (Int($1) ?? 0, $1) }
                : words.sorted { $0.unicodeScalars.lexicographicallyPrecedes($1.unicodeScalars) }
            areIndices = false
        }
        positions = Dictionary(names.enumerated().map { ($0.element, $0.offset) }) { first, _ in first }
    }

    /// The class that a word stands for.
    func index(_ word: String) -> Int? {
        areIndices ? Int(word).flatMap { names.indices.contains($0) ? $0 : nil } : positions[word]
    }

    /// What is wrong with a word that stands for none.
    /// - Parameter isGiven: whether the names were given, by `data.classNames`.
    func problem(_ word: String, isGiven: Bool) -> String {
        if word.isEmpty { return "there is no label, expected a class" }
        let place = isGiven ? "is none of data.classNames" : "does not occur in the training data"
        let advice = nearest(word, in: names).map { ", the nearest there is '\($0)'" } ?? " (\(listed(names)))"
        return "the class '\(word)' \(place)\(advice)"
    }
}
