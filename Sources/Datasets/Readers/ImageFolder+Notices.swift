// What a user should know of a folder of class folders.
extension ImageFolder {
    /// How many of a kind are named, one notice each.
    private static let mostNamed = 5

    /// - Parameter isGiven: whether the classes are those of another part.
    static func notices(_ content: ClassFolders, _ classes: [String], isGiven: Bool) -> [String] {
        let filled = content.filled
        var notices = links(content)
        for (first, second) in content.sameNames {
            notices.append("\(first) and \(second) are one name in two spellings of Unicode, so they are one class")
        }
        let odd = filled.filter { $0.name != $0.folder }.map(\.name)
        if !odd.isEmpty {
            notices.append(
                "\(content.root): the names of \(counted(odd.count, "class folder")) are not UTF-8, so the classes are called "
                    + listed(odd))
        }
        if isGiven {
            let present = Set(filled.map(\.name))
            let missing = classes.filter { !present.contains($0) }
            if !missing.isEmpty {
                let share = "\(missing.count) of the \(classes.count) classes (\(listed(missing)))"
                notices.append("\(content.root) has no images of \(share)")
            }
            return notices
        }
        let empty = content.empty.map(\.name)
        if !empty.isEmpty {
            notices.append(
                "\(content.root): \(counted(empty.count, "folder holds", "folders hold")) no images and "
                    + "\(empty.count == 1 ? "is no class" : "are no classes") (\(listed(empty)))")
        }
        return notices + confusable(classes, content.root) + deep(filled, content.root)
    }

    private static func links(_ content: ClassFolders) -> [String] {
        var notices = content.lost.prefix(mostNamed).map { "\($0) is a link that leads nowhere, so it is passed over" }
        if content.lost.count > mostNamed {
            notices.append("\(content.lost.count - mostNamed) more links lead nowhere")
        }
        for (link, folder) in content.repeated.prefix(mostNamed) {
            notices.append("\(link) is the folder \(folder), which is read already, so its images count once")
        }
        if content.repeated.count > mostNamed {
            notices.append("\(content.repeated.count - mostNamed) more links lead to folders that are read already")
        }
        return notices
    }

    /// Classes whose names differ in case alone are seldom meant to be two.
    private static func confusable(_ classes: [String], _ root: String) -> [String] {
        var seen: [String: String] = [:]
        var notices: [String] = []
        for name in classes {
            if let other = seen[name.lowercased()] {
                notices.append("\(root): the classes \(other) and \(name) differ in case alone, and are two classes")
            }
            seen[name.lowercased()] = name
        }
        return notices
    }

    /// Class folders that hold folders alone may be one level too high.
    private static func deep(_ filled: [ClassFolders.Entry], _ root: String) -> [String] {
        let deep = filled.filter { $0.direct == 0 }
        guard let first = deep.first else { return [] }
        let holders =
            deep.count == filled.count
            ? "no class folder of \(root) holds"
            : "\(deep.count) of the \(filled.count) class folders of \(root) do not hold"
        let inner = listed(first.inner.map { "\(root)/\(first.folder)/\($0)" }, most: 2)
        return [
            "\(holders) images directly: those of the class \(first.name) lie in \(inner); were these the classes, data.path "
                + "should be the folder above them"
        ]
    }
}
