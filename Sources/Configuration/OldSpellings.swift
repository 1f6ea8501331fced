/// A choice some of whose words were once written in another way. The old ones are still read, with a notice.
public protocol OldSpellings: RawRepresentable where RawValue == String {
    /// What stands for each old word.
    static var oldSpellings: [String: Self] { get }
}

extension OldSpellings {
    /// The value of a word, be it new or old.
    public init?(spelled word: String) {
        guard let value = Self(rawValue: word) ?? Self.oldSpellings[word] else { return nil }
        self = value
    }
}

extension OldSpellings {
    /// The new word for each old one.
    static var newWords: [String: String] { oldSpellings.mapValues(\.rawValue) }
}
