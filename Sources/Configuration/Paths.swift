import Foundation

/// Paths as text, with `/` between their parts; unlike Foundation's, these accept every string.
package enum Paths {
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

    /// A path with the home folder for a leading `~` and the environment's values for `${NAME}`; `${NAME:-word}` takes the
    /// word where there is no such variable or it is empty.
    /// - Returns: nil where a variable is missing, or a brace.
    package static func expanded(_ path: String, _ variables: [String: String] = Paths.environment) -> String? {
        var result = ""
        var rest = path[...]
        while let start = rest.range(of: "${") {
            guard let end = rest[start.upperBound...].firstIndex(of: "}") else { return nil }
            let inner = rest[start.upperBound..<end]
            let parts = inner.range(of: ":-").map { (inner[..<$0.lowerBound], inner[$0.upperBound...]) }
            let value = variables[String(parts?.0 ?? inner)].flatMap { $0.isEmpty ? nil : $0 }
            guard let value = value ?? parts.map({ String($0.1) }) else { return nil }
            result += rest[..<start.lowerBound] + value
            rest = rest[rest.index(after: end)...]
        }
        return expandingTilde(result + rest)
    }

    /// The variable for which a path cannot be expanded, or nil.
    static func missingVariable(_ path: String) -> String? {
        guard expanded(path) == nil, let start = path.range(of: "${") else { return nil }
        for piece in path[start.lowerBound...].components(separatedBy: "${").dropFirst() {
            guard let end = piece.firstIndex(of: "}") else { return "${\(piece)" }
            if expanded("${\(piece[..<end])}") == nil { return "${\(piece[..<end])}" }
        }
        return nil
    }

    static var environment: [String: String] { ProcessInfo.processInfo.environment }

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
