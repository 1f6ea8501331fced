import Foundation

/// What lies in a folder, by name, without hidden files; symbolic links are followed.
struct Folder {
    var folders: [String] = []
    var files: [String] = []
    /// Links that lead nowhere.
    var lost: [String] = []
    /// What other systems and programs leave behind.
    var litter: [String] = []

    /// Reads the entries of the folder at `path`.
    init(_ path: String) throws {
        guard let stream = FileName.withBytes(path, { opendir($0) }) else {
            throw DatasetError(path, "the folder cannot be read (\(systemError()))")
        }
        defer { closedir(stream) }
        while true {
            errno = 0
            guard let entry = readdir(stream) else {
                if errno != 0 { throw DatasetError(path, "the folder cannot be read (\(systemError()))") }
                break
            }
            add(Folder.name(entry), type: Int32(entry.pointee.d_type), below: path)
        }
        // Unicode scalars, not the locale: the order decides labels and must be the same everywhere.
        func sort(_ names: inout [String]) {
            names.sort { $0.unicodeScalars.lexicographicallyPrecedes($1.unicodeScalars) }
        }
        sort(&folders)
        sort(&files)
        sort(&lost)
        sort(&litter)
    }

    private static func name(_ entry: UnsafeMutablePointer<dirent>) -> String {
        let offset = MemoryLayout<dirent>.offset(of: \dirent.d_name) ?? 0
        let start = (UnsafeRawPointer(entry) + offset).assumingMemoryBound(to: UInt8.self)
        var length = 0
        while start[length] != 0 { length += 1 }
        return FileName.decoded(UnsafeBufferPointer(start: start, count: length))
    }

    private mutating func add(_ name: String, type: Int32, below path: String) {
        if name.hasPrefix(".") { return }
        // A file system that tells no types, or a link, is asked for what is there.
        if type == Int32(DT_DIR) || (type != Int32(DT_REG) && isFolder(path + "/" + name)) {
            if Folder.isLitter(folder: name) { litter.append(name) } else { folders.append(name) }
        } else if Folder.isLitter(file: name) {
            litter.append(name)
        } else if type == Int32(DT_LNK), !exists(path + "/" + name) {
            lost.append(name)
        } else {
            files.append(name)
        }
    }

    private static let litteredFolders: Set<String> = [
        "__macosx", "@eadir", "#recycle", "$recycle.bin", "system volume information", "lost+found", "__pycache__",
    ]
    private static let litteredFiles: Set<String> = [
        "thumbs.db", "ehthumbs.db", "ehthumbs_vista.db", "desktop.ini", "icon\r",
    ]
    /// Of files that are not finished, or copies of others.
    private static let litteredEndings: Set<String> = [
        "tmp", "temp", "part", "partial", "crdownload", "opdownload", "download", "bak", "swp", "lnk",
    ]

    private static func isLitter(folder name: String) -> Bool { litteredFolders.contains(name.lowercased()) }

    private static func isLitter(file name: String) -> Bool {
        name.hasPrefix("~$") || name.hasSuffix("~") || litteredEndings.contains(FileName.ending(name))
            || litteredFiles.contains(name.lowercased())
    }
}
