/// What lies in a folder of class folders, before it is decided what that means.
struct ClassFolders: Sendable {
    /// A folder that may be a class.
    struct Entry: Sendable {
        /// Its name as people read it, the class.
        let name: String
        /// Its name as the system has it.
        let folder: String
        /// Paths of the images below the root.
        var files: [String] = []
        /// How many of them lie in the class folder itself, and the folders in it that hold the others.
        var direct = 0
        var inner: [String] = []
    }

    let root: String
    /// All folders, those without images among them.
    private(set) var entries: [Entry] = []
    /// Images beside the folders.
    private(set) var strays: [String] = []
    private(set) var leftOut = LeftOut()
    /// Links that lead nowhere.
    private(set) var lost: [String] = []
    /// Links to folders that were read before, and those folders.
    private(set) var repeated: [(link: String, folder: String)] = []
    /// Folders whose names are one in Unicode's eyes.
    private(set) var sameNames: [(String, String)] = []
    /// Every folder that was read.
    private(set) var folders: [FileIdentity: String] = [:]

    /// Folders below a class may lie so deep.
    private static let mostLevels = 64

    /// Reads names alone, and the first bytes of files whose endings tell nothing.
    init(_ root: String) throws {
        self.root = root
        let content = try Folder(root)
        if let identity = FileIdentity(root) { folders[identity] = root }
        for name in content.files {
            let path = "\(root)/\(name)"
            if ImageKind.isImage(path) { strays.append(path) } else { leftOut.add(path) }
        }
        note(content, root)
        var positions: [String: Int] = [:]
        for name in content.folders {
            var entry = Entry(name: FileName.shown(name), folder: name)
            try collect(below: name, into: &entry, level: 0)
            // Two spellings of a name (composed and decomposed letters) are equal strings, and one class.
            if let index = positions[entry.name] {
                sameNames.append(("\(root)/\(entries[index].folder)", "\(root)/\(name)"))
                entries[index].files += entry.files
                entries[index].direct += entry.direct
                entries[index].inner += entry.inner
            } else {
                positions[entry.name] = entries.count
                entries.append(entry)
            }
        }
    }

    private mutating func note(_ content: Folder, _ path: String) {
        for name in content.litter { leftOut.add("\(path)/\(name)") }
        for name in content.lost { lost.append("\(path)/\(name)") }
    }

    private mutating func collect(below: String, into entry: inout Entry, level: Int) throws {
        let path = "\(root)/\(below)"
        guard level < Self.mostLevels else {
            throw DatasetError(path, "this folder lies more than \(Self.mostLevels) folders deep")
        }
        if let identity = FileIdentity(path) {
            // A circle of links, or a second way to the same images.
            if let known = folders[identity] {
                repeated.append((path, known))
                return
            }
            folders[identity] = path
        }
        var content = try Folder(path)
        // An image that is gone is a broken one, not a folder that is missing.
        let gone = content.lost.filter { ImageKind.endings.contains(FileName.ending($0)) }
        if !gone.isEmpty {
            content.lost.removeAll { gone.contains($0) }
            content.files = (content.files + gone).sorted {
                $0.unicodeScalars.lexicographicallyPrecedes($1.unicodeScalars)
            }
        }
        note(content, path)
        for name in content.files {
            if ImageKind.isImage("\(path)/\(name)") {
                entry.files.append("\(below)/\(name)")
                if level == 0 { entry.direct += 1 }
            } else {
                leftOut.add("\(path)/\(name)")
            }
        }
        for name in content.folders {
            let before = entry.files.count
            try collect(below: "\(below)/\(name)", into: &entry, level: level + 1)
            if level == 0, entry.files.count > before { entry.inner.append(name) }
        }
    }

    /// The folders that hold images.
    var filled: [Entry] { entries.filter { !$0.files.isEmpty } }
    var empty: [Entry] { entries.filter { $0.files.isEmpty } }

    /// The one class there is, where images lie in no folder of its own but in folders below it.
    var nested: Entry? {
        guard filled.count == 1, let entry = filled.first, entry.direct == 0, !entry.inner.isEmpty else { return nil }
        return entry
    }
}
