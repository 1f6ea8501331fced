/// Looks for the folder that is meant, where an archive was unpacked into a folder of its own.
enum FolderSearch {
    private static let mostLevels = 16
    /// Files whose first bytes are looked at, of those whose endings tell nothing.
    private static let mostOpened = 20

    /// Whether anything that is read lies in a folder or below it.
    static func holdsImages(_ path: String) -> Bool {
        var visited: Set<FileIdentity> = []
        return holdsImages(path, &visited, 0)
    }

    private static func holdsImages(_ path: String, _ visited: inout Set<FileIdentity>, _ level: Int) -> Bool {
        guard level < mostLevels, let identity = FileIdentity(path), visited.insert(identity).inserted,
            let content = try? Folder(path)
        else { return false }
        if holdsImages(path, content) || isPacked(content) { return true }
        for name in content.folders where holdsImages("\(path)/\(name)", &visited, level + 1) { return true }
        return false
    }

    /// Whether images lie in the folder itself.
    static func holdsImages(_ path: String, _ content: Folder) -> Bool {
        content.files.contains { ImageKind.endings.contains(FileName.ending($0)) }
            || content.files.prefix(mostOpened).contains { ImageKind.isImage("\(path)/\($0)") }
    }

    static func isPacked(_ content: Folder) -> Bool {
        CIFAR.layout(of: content.files) != nil || IDX.find(content.files, part: ["train"]) != nil
    }

    /// Goes down as long as a folder holds nothing but one folder that holds folders.
    /// - Parameters:
    ///   - isPart: whether the folder is a part already, so that there are no parts in it.
    ///   - known: names of classes, which are no such folder.
    static func descended(_ path: String, isPart: Bool = false, known: [String] = []) throws -> String {
        var path = path
        for _ in 0..<mostLevels {
            let content = try Folder(path)
            if isPacked(content) || holdsImages(path, content) { break }
            // A test part alone is no level to be passed over either.
            if !isPart, !PartKind.find(in: content.folders).isEmpty { break }
            var candidates: [String] = []
            for name in content.folders where candidates.count < 2 && holdsImages("\(path)/\(name)") {
                candidates.append(name)
            }
            guard candidates.count == 1, !known.contains(candidates[0]) else { break }
            let inner = "\(path)/\(candidates[0])"
            let below = try Folder(inner)
            let isLevel =
                isPacked(below)
                || (!holdsImages(inner, below) && below.folders.contains { holdsImages("\(inner)/\($0)") })
            guard isLevel else { break }
            path = inner
        }
        return path
    }
}
