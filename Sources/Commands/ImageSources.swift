import Datasets
import Foundation
import Reporting
import Training

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// The images that the arguments of `predict` stand for, in their order.
struct ImageSources {
    enum Source {
        case file(String)
        case standardInput
        /// What cannot be read, and one sentence that says why.
        case nothing(String, reason: String)

        var name: String {
            switch self {
            case .file(let path): path
            case .standardInput: "-"
            case .nothing(let name, _): name
            }
        }
    }

    private(set) var sources: [Source] = []
    /// Files of folders that are no images, counted by their endings.
    private var others: [String: Int] = [:]
    private var isStandardInputTaken = false

    /// - Parameter arguments: files, folders, `-` for an image on the standard input, `@file` for a list of paths, and
    ///   patterns that the shell handed over as they are.
    init(_ arguments: [String]) {
        for argument in arguments {
            if argument == "-" {
                addStandardInput()
            } else if argument.hasPrefix("@"), argument.count > 1, !exists(argument) {
                addList(String(argument.dropFirst()))
            } else {
                add(argument)
            }
        }
    }

    /// What was passed over, one sentence, nil where nothing was.
    var notice: String? {
        guard !others.isEmpty else { return nil }
        let kinds = others.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.value) \($0.key)" }
        let more = kinds.count > 6 ? " and \(kinds.count - 6) other endings" : ""
        return "left out, no images: \(kinds.prefix(6).joined(separator: ", "))\(more)."
    }

    private func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    private mutating func addStandardInput() {
        if isStandardInputTaken {
            sources.append(.nothing("-", reason: "-: the standard input holds one image, which was taken already"))
        } else {
            sources.append(.standardInput)
        }
        isStandardInputTaken = true
    }

    private mutating func addList(_ path: String) {
        let data: Data?
        if path == "-" {
            data = isStandardInputTaken ? nil : try? FileHandle.standardInput.read(upToCount: Self.longestList)
            isStandardInputTaken = true
        } else {
            data = (try? readList(path)) ?? nil
        }
        guard let data, let text = String(validating: data, as: UTF8.self) else {
            let reason =
                data == nil ? "the list cannot be read" : "the list is not UTF-8 text, expected one path a line"
            sources.append(.nothing("@\(path)", reason: "\(path): \(reason)"))
            return
        }
        for line in text.split(whereSeparator: \.isNewline) where line.contains(where: { !$0.isWhitespace }) {
            add(String(line))
        }
    }

    private static let longestList = 1 << 28

    private func readList(_ path: String) throws -> Data? {
        var status = stat()
        // The shell's own pipes, as `<(find ...)` makes one, are read; any other pipe might never have a writer.
        let isHandedOver = ["/dev/fd/", "/dev/stdin", "/proc/self/fd/"].contains(where: path.hasPrefix)
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG || isHandedOver else { return nil }
        let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
        defer { try? handle.close() }
        var data = Data()
        while data.count < Self.longestList, let part = try handle.read(upToCount: 1 << 20), !part.isEmpty {
            data += part
        }
        return data
    }

    private mutating func add(_ path: String) {
        var status = stat()
        if stat(path, &status) == 0 {
            if status.st_mode & S_IFMT == S_IFDIR { addFolder(path) } else { sources.append(.file(path)) }
            return
        }
        let found = path.contains(where: { "*?[".contains($0) }) ? matches(path) : []
        if found.isEmpty {
            let reason =
                path.contains(where: { "*?[".contains($0) })
                ? "the pattern matches no file" : "the file cannot be opened (\(String(cString: strerror(ENOENT))))"
            sources.append(.nothing(path, reason: "\(path): \(reason)"))
        }
        for path in found {
            if RunFolder.isFolder(path) { addFolder(path) } else { sources.append(.file(path)) }
        }
    }

    /// The paths that a pattern of the shell stands for, sorted.
    private func matches(_ pattern: String) -> [String] {
        var found = glob_t()
        defer { globfree(&found) }
        guard glob(pattern, 0, nil, &found) == 0, let paths = found.gl_pathv else { return [] }
        return (0..<Int(found.gl_pathc)).compactMap { paths[$0].map { String(cString: $0) } }
    }

    private mutating func addFolder(_ path: String) {
        let before = sources.count
        var folder = path
        while folder.count > 1, folder.hasSuffix("/") { folder.removeLast() }
        var visited: Set<String> = []
        collect(folder, &visited)
        if sources.count == before {
            sources.append(.nothing(path, reason: "\(path): the folder holds no images"))
        }
    }

    /// Everything below a folder, by name; links to folders are followed, but no circles.
    private mutating func collect(_ folder: String, _ visited: inout Set<String>) {
        var status = stat()
        guard stat(folder, &status) == 0, visited.insert("\(status.st_dev)/\(status.st_ino)").inserted else { return }
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
            sources.append(.nothing(folder, reason: "\(folder): the folder cannot be read"))
            return
        }
        for name in names.sorted(by: { $0.unicodeScalars.lexicographicallyPrecedes($1.unicodeScalars) })
        where !name.hasPrefix(".") {
            let path = folder == "/" ? "/\(name)" : "\(folder)/\(name)"
            let ending = name.contains(".") ? name.split(separator: ".").last.map { $0.lowercased() } ?? "" : ""
            if RunFolder.isFolder(path) {
                collect(path, &visited)
            } else if ImageKind.isImage(path) {
                sources.append(.file(path))
            } else {
                others[ending.isEmpty ? "without ending" : ".\(ending)", default: 0] += 1
            }
        }
    }
}
