/// A word of a command line as a shell takes it.
public enum ShellWord {
    /// The word itself where it is plain, else within quotes.
    public static func quoted(_ word: String) -> String {
        let isPlain =
            !word.isEmpty && word.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "./=_-,:+".contains($0)) }
        return isPlain ? word : "'" + word.replacing("'", with: "'\\''") + "'"
    }
}
