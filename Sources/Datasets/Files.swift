import CZLib
import Foundation

/// The bytes of a file, or its first `limit`; a file of more than `maximum` bytes is an error.
func readFile(_ path: String, limit: Int = .max, maximum: Int = 1 << 36) throws -> [UInt8] {
    // Without waiting: opening a named pipe would otherwise hang.
    let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { throw DatasetError(path, "the file cannot be opened (\(systemError()))") }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
        throw DatasetError(path, "the file cannot be read (\(systemError()))")
    }
    guard status.st_mode & S_IFMT == S_IFREG else { throw DatasetError(path, "this is not a regular file") }
    let size = min(Int(status.st_size), limit)
    guard size <= maximum else {
        throw DatasetError(path, "the file has \(size) bytes, more than the limit of \(maximum)")
    }
    var failure: String?
    let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
        while count < size {
            let got = read(descriptor, buffer.baseAddress! + count, size - count)
            if got < 0 && errno == EINTR { continue }
            if got < 0 { failure = systemError() }
            if got <= 0 { break }
            count += got
        }
    }
    if let failure { throw DatasetError(path, "the file cannot be read (\(failure))") }
    return bytes
}

private func systemError() -> String { String(cString: strerror(errno)) }

/// The bytes of a file, unpacked when its name ends in `.gz`.
/// - Parameter limit: the largest unpacked size; unpacking stops there.
func readPossiblyCompressedFile(_ path: String, limit: Int) throws -> [UInt8] {
    guard path.hasSuffix(".gz") else { return try readFile(path, limit: limit) }
    return try gunzip(readFile(path), name: path, limit: limit)
}

/// Unpacks gzip data, at most `limit` bytes of it.
func gunzip(_ packed: [UInt8], name: String, limit: Int) throws -> [UInt8] {
    var stream = z_stream()
    // 15 + 16: the largest window, gzip framing only.
    guard inflateInit2_(&stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
        throw DatasetError(name, "there is no memory to unpack it")
    }
    defer { inflateEnd(&stream) }
    var unpacked: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    var finished = false
    try packed.withUnsafeBufferPointer { input in
        guard let base = input.baseAddress else { return }
        var position = 0
        while !finished && unpacked.count < limit {
            let available = min(input.count - position, 1 << 30)
            stream.next_in = UnsafeMutablePointer(mutating: base + position)
            stream.avail_in = UInt32(available)
            let room = chunk.count
            let code = chunk.withUnsafeMutableBufferPointer { output in
                stream.next_out = output.baseAddress
                stream.avail_out = UInt32(room)
                return inflate(&stream, Z_NO_FLUSH)
            }
            position += available - Int(stream.avail_in)
            unpacked.append(contentsOf: chunk[..<(room - Int(stream.avail_out))])
            switch code {
            case Z_STREAM_END: finished = true
            case Z_OK: continue
            case Z_BUF_ERROR where position == input.count:
                throw DatasetError(name, "the gzip file is truncated: it ends before its data does")
            default: throw DatasetError(name, "the gzip data is corrupt")
            }
        }
    }
    if packed.isEmpty { throw DatasetError(name, "the gzip file is empty") }
    if unpacked.count > limit { unpacked.removeLast(unpacked.count - limit) }
    return unpacked
}

/// What lies in a folder, by name, without hidden files.
struct Folder {
    var folders: [String] = []
    var files: [String] = []

    /// Reads the entries of the folder at `path`; symbolic links are followed.
    init(_ path: String) throws {
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: path)
        } catch {
            throw DatasetError(path, "the folder cannot be read")
        }
        // Unicode scalars, not the locale: the order decides labels and must be the same everywhere.
        for name in names.sorted(by: { $0.unicodeScalars.lexicographicallyPrecedes($1.unicodeScalars) }) {
            if name.hasPrefix(".") || Folder.litter.contains(name) { continue }
            if isFolder(path + "/" + name) { folders.append(name) } else { files.append(name) }
        }
    }

    /// Files that other systems leave behind.
    private static let litter: Set<String> = ["Thumbs.db", "desktop.ini", "__MACOSX"]
}

func isFolder(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
}

func isSymbolicLink(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK
}

func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

/// A gzip file unpacked, for tests.
package func gunzipped(_ path: String, limit: Int) throws -> [UInt8] {
    try gunzip(readFile(path), name: path, limit: limit)
}
