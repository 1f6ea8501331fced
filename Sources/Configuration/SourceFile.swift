import Foundation
import Synchronization

/// Reading the text of a configuration file, and what to say when that fails.
enum SourceFile {
    static let maximumBytes = 1 << 20

    /// The file cannot be had at all; the message reads on from "the file ...".
    struct Failure: Error {
        var message: String
    }

    /// What came through a stream of this process, which gives its text once only, by the stream's path.
    private static let streams = Mutex<[String: Data]>([:])

    static func read(path: String, shownAs name: String) throws(Failure) -> String {
        guard !path.isEmpty else { throw Failure(message: "the name is empty, expected a YAML file") }
        let isStream = isStream(path)
        if isStream, let known = streams.withLock({ $0[path] }) { return try text(known) }
        // Without O_NONBLOCK, opening a named pipe would wait for somebody to write into it.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | (isStream ? 0 : O_NONBLOCK))
        guard descriptor >= 0 else {
            switch errno {
            case ENOENT, ENOTDIR:
                throw Failure(message: "the file does not exist" + nearestFile(path: path, shownAs: name))
            case ENXIO: throw Failure(message: "this is a socket or a device, expected a YAML file")
            case EACCES: throw Failure(message: "the file cannot be opened, its permissions may forbid reading")
            default:
                throw Failure(message: "the file cannot be opened (\(String(cString: strerror(errno)).lowercased()))")
            }
        }
        defer { close(descriptor) }
        var info = stat()
        guard fstat(descriptor, &info) == 0 else { throw Failure(message: "the file cannot be read") }
        let kind = info.st_mode & S_IFMT
        switch kind {
        case S_IFREG: break
        case S_IFDIR: throw Failure(message: "this is a folder, expected a YAML file")
        case _ where isStream: break
        case S_IFIFO: throw Failure(message: "this is a named pipe, expected a YAML file")
        default: throw Failure(message: "this is a device, expected a YAML file")
        }
        let data = try bytes(descriptor)
        if isStream, kind != S_IFREG { streams.withLock { $0[path] = data } }
        return try text(data)
    }

    /// Whether a path names a stream that this process was started with, the standard input say.
    private static func isStream(_ path: String) -> Bool {
        ["/dev/stdin", "/dev/fd/", "/proc/self/fd/"].contains(where: path.hasPrefix)
    }

    private static func bytes(_ descriptor: Int32) throws(Failure) -> Data {
        var data = Data()
        var part = [UInt8](repeating: 0, count: 1 << 16)
        while data.count <= maximumBytes {
            let count = Foundation.read(descriptor, &part, part.count)
            if count < 0, errno == EINTR { continue }
            if count < 0 { throw Failure(message: "the file cannot be read") }
            if count == 0 { return data }
            data += part.prefix(count)
        }
        throw Failure(message: "the file is larger than \(maximumBytes >> 20) MiB, expected a configuration")
    }

    private static func text(_ data: Data) throws(Failure) -> String {
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
