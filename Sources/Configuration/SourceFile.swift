import Foundation

/// Reading the text of a configuration file, and what to say when that fails.
enum SourceFile {
    static let maximumBytes = 4 << 20

    /// The file cannot be had at all; the message reads on from "the file ...".
    struct Failure: Error {
        var message: String
    }

    static func read(path: String, shownAs name: String) throws(Failure) -> String {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw Failure(message: "the file does not exist" + nearestFile(path: path, shownAs: name))
        }
        guard !isFolder.boolValue else { throw Failure(message: "this is a folder, expected a YAML file") }
        guard let handle = FileHandle(forReadingAtPath: path) else {
            throw Failure(message: "the file cannot be opened, its permissions may forbid reading")
        }
        defer { try? handle.close() }
        var data = Data()
        do {
            while data.count <= maximumBytes,
                let part = try handle.read(upToCount: maximumBytes + 1 - data.count), !part.isEmpty
            {
                data += part
            }
        } catch {
            throw Failure(message: "the file cannot be read")
        }
        guard data.count <= maximumBytes else {
            throw Failure(message: "the file is larger than \(maximumBytes >> 20) MiB, expected a configuration")
        }
        if let offset = data.firstIndex(of: 0) {
            throw Failure(message: "this is no text file (a zero byte at offset \(offset)), expected YAML")
        }
        guard var text = String(validating: data, as: UTF8.self) else {
            throw Failure(message: "the file is not UTF-8 text, expected YAML")
        }
        if text.unicodeScalars.first == "\u{FEFF}" { text.unicodeScalars.removeFirst() }
        return text
    }

    private static func nearestFile(path: String, shownAs name: String) -> String {
        let folder = (path as NSString).deletingLastPathComponent
        let shownFolder = (name as NSString).deletingLastPathComponent
        let file = (path as NSString).lastPathComponent
        guard let files = try? FileManager.default.contentsOfDirectory(atPath: folder.isEmpty ? "." : folder) else {
            return ", nor does the folder \(quoted(path: shownFolder))"
        }
        let candidates = files.filter { $0.hasSuffix(".yaml") || $0.hasSuffix(".yml") }.sorted()
        let stems = candidates.map { ($0 as NSString).deletingPathExtension }
        let match: String?
        if let stem = nearest((file as NSString).deletingPathExtension, in: stems),
            let index = stems.firstIndex(of: stem)
        {
            match = candidates[index]
        } else {
            match = nil
        }
        guard let match else { return "" }
        return ", did you mean \(quoted(path: (shownFolder as NSString).appendingPathComponent(match)))?"
    }

    /// `path` as said by a file in `folder`: absolute and `~` paths stand for themselves.
    static func resolve(_ path: String, in folder: String) -> String {
        let expanded = expandingTilde(path)
        return expanded.hasPrefix("/") || folder.isEmpty
            ? expanded : (folder as NSString).appendingPathComponent(expanded)
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
}
