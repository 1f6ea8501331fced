/// An element of an XML file: its name, its own text and the elements in it. Attributes are passed over.
struct XMLElement {
    let name: String
    private(set) var text = ""
    private(set) var children: [XMLElement] = []

    /// The deepest nesting that is read.
    static let deepest = 32

    /// The first element of that name in it.
    func child(_ name: String) -> XMLElement? { children.first { $0.name == name } }

    /// The text without white space around it.
    var value: String {
        var text = text[...]
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }

    /// Reads a file that is one element. Entities of a file's own are not known, so that none can grow.
    /// - Throws: `DatasetError` that names the file and the line.
    init(decoding bytes: [UInt8], path: String) throws {
        guard String(validating: bytes, as: UTF8.self) != nil else {
            throw DatasetError(path, "this is no XML in UTF-8")
        }
        var scanner = XMLScanner(bytes, path: path)
        try scanner.skipOther()
        self = try scanner.element(depth: 0)
        try scanner.skipOther()
        guard scanner.isAtEnd else { throw scanner.failure("text after the end of the first element") }
    }

    init(name: String) { self.name = name }
    mutating func add(_ child: XMLElement) { children.append(child) }
    mutating func add(_ text: String) { self.text += text }
}
