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
        let folder = Paths.folder(of: path)
        let shownFolder = Paths.folder(of: name)
        guard let files = try? FileManager.default.contentsOfDirectory(atPath: folder.isEmpty ? "." : folder) else {
            return ", nor does the folder \(quoted(path: shownFolder))"
        }
        let candidates = files.filter { $0.hasSuffix(".yaml") || $0.hasSuffix(".yml") }.sorted()
        let stems = candidates.map(Paths.stem)
        guard let stem = nearest(Paths.stem(of: path), in: stems), let index = stems.firstIndex(of: stem) else {
            return ""
        }
        return ", did you mean \(quoted(path: Paths.join(shownFolder, candidates[index])))?"
    }
}
