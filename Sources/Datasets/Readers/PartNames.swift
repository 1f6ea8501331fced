/// The parts of a data set, and the names that people give their folders.
enum PartKind: String, CaseIterable, Sendable {
    case training
    case validation
    case test

    private static let words: [PartKind: Set<String>] = [
        .training: ["train", "training", "trn"],
        .validation: [
            "val", "valid", "validation", "validate", "validating", "dev", "development", "eval", "evaluation",
        ],
        .test: ["test", "testing", "tests", "tst", "holdout", "heldout"],
    ]

    /// What may follow the word: `training_set`, `testImages`.
    private static let fillers = [
        "set", "sets", "dataset", "data", "images", "image", "imgs", "img", "split", "part", "folder",
    ]

    private init?(word: String) {
        guard let kind = Self.words.first(where: { $0.value.contains(word) })?.key else { return nil }
        self = kind
    }

    /// The part that a folder is named after, in any case, with or without `set`, `data` and the like behind it.
    init?(folder name: String) {
        let word = String(name.lowercased().filter { $0 != "_" && $0 != "-" && $0 != " " && $0 != "." })
        if let kind = PartKind(word: word) {
            self = kind
            return
        }
        for filler in Self.fillers where word.hasSuffix(filler) {
            if let kind = PartKind(word: String(word.dropLast(filler.count))) {
                self = kind
                return
            }
        }
        return nil
    }

    /// The part that a word of a longer name tells of: `seg_train`, `imagesTest`, `train2017`.
    init?(wordsOf name: String) {
        var words: [String] = [""]
        var last: Character = " "
        for character in name {
            let isBreak =
                !character.isLetter || !last.isLetter || (character.isUppercase && last.isLowercase)
            if isBreak { words.append("") }
            if character.isLetter { words[words.count - 1].append(contentsOf: character.lowercased()) }
            last = character
        }
        let kinds = Set(words.compactMap { PartKind(word: $0) })
        guard kinds.count == 1, let kind = kinds.first else { return nil }
        self = kind
    }

    /// The folders that are named after parts. Longer names count only where some are parts together, for a class may
    /// have such a word in its name as well.
    static func find(in folders: [String]) -> [(folder: String, kind: PartKind)] {
        let plain = folders.compactMap { name in PartKind(folder: name).map { (folder: name, kind: $0) } }
        if plain.contains(where: { $0.kind == .training }) { return plain }
        let all = folders.compactMap { name in
            (PartKind(folder: name) ?? PartKind(wordsOf: name)).map { (folder: name, kind: $0) }
        }
        return Set(all.map(\.kind)).count > 1 && all.contains { $0.kind == .training } ? all : plain
    }
}
