import Foundation

/// Paths as text, with `/` between their parts; unlike Foundation's, these accept every string.
enum Paths {
    /// What stands before the last part, empty for a single name.
    static func folder(of path: String) -> String {
        let (folder, _) = split(path)
        return folder.isEmpty && path.hasPrefix("/") ? "/" : folder
    }

    /// The last part.
    static func name(of path: String) -> String { split(path).name }

    /// The last part without its extension.
    static func stem(of path: String) -> String {
        let name = name(of: path)
        guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return name }
        return String(name[..<dot])
    }

    static func join(_ folder: String, _ name: String) -> String {
        folder.isEmpty || folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
    }

    /// `path` as said by a file in `folder`: absolute and `~` paths stand for themselves.
    static func resolve(_ path: String, in folder: String) -> String {
        let expanded = expandingTilde(path)
        return expanded.hasPrefix("/") ? expanded : join(folder, expanded)
    }

    /// A path whose leading `~` is replaced by the home folder.
    static func expandingTilde(_ path: String) -> String {
        path == "~" || path.hasPrefix("~/") ? NSHomeDirectory() + path.dropFirst() : path
    }

    /// A path without `.` and `name/..`, for messages only: with symbolic links it may name another file.
    static func tidied(_ path: String) -> String {
        var parts: [Substring] = []
        for part in path.split(separator: "/") where part != "." {
            if part == "..", let last = parts.last, last != ".." {
                parts.removeLast()
            } else {
                parts.append(part)
            }
        }
        return (path.hasPrefix("/") ? "/" : "") + parts.joined(separator: "/")
    }

    private static func split(_ path: String) -> (folder: String, name: String) {
        let end = path.lastIndex { $0 != "/" }.map { path.index(after: $0) } ?? path.startIndex
        let trimmed = path[..<end]
        guard let slash = trimmed.lastIndex(of: "/") else { return ("", String(trimmed)) }
        return (String(trimmed[..<slash]), String(trimmed[trimmed.index(after: slash)...]))
    }
}
