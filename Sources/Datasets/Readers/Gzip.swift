import CZLib

/// Unpacks gzip data as it comes; members that follow each other are one stream.
/// - Parameters:
///   - target: what is filled; unpacking stops when it is full.
///   - next: gives the next packed bytes, none at the end.
private func inflateGzip(
    name: String, into target: inout OutputSpan<UInt8>, next: () throws -> [UInt8]
) throws {
    var stream = z_stream()
    // 15 + 16: the largest window, gzip framing only.
    guard inflateInit2_(&stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
        throw DatasetError(name, "there is no memory to unpack it")
    }
    defer { inflateEnd(&stream) }
    var packed: [UInt8] = []
    var position = 0
    var isEmpty = true
    var isBetweenMembers = false
    while !target.isFull {
        if position == packed.count {
            (packed, position) = (try next(), 0)
            if packed.isEmpty {
                if isBetweenMembers { return }
                throw DatasetError(
                    name,
                    isEmpty ? "the gzip file is empty" : "the gzip file is truncated: it ends before its data does")
            }
            isEmpty = false
        }
        if isBetweenMembers {
            // Zeros fill up blocks of tapes; anything else that is no member does not belong to the data.
            guard packed[position] == 0x1f else { return }
            inflateReset(&stream)
            isBetweenMembers = false
        }
        switch inflate(&stream, packed, &position, &target) {
        case Z_STREAM_END: isBetweenMembers = true
        case Z_OK, Z_BUF_ERROR: continue
        default: throw DatasetError(name, "the gzip data is corrupt")
        }
    }
}

/// One step of unpacking: from `position` on, which it moves, to the end of `target`.
private func inflate(
    _ stream: inout z_stream, _ packed: [UInt8], _ position: inout Int, _ target: inout OutputSpan<UInt8>
) -> Int32 {
    // Lengths of zlib have 32 bits.
    let given = min(packed.count - position, 1 << 30)
    return packed.withUnsafeBufferPointer { input in
        target.withUnsafeMutableBufferPointer { output, count in
            let room = min(output.count - count, 1 << 30)
            stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress! + position)
            stream.avail_in = UInt32(given)
            stream.next_out = output.baseAddress! + count
            stream.avail_out = UInt32(room)
            let code = inflate(&stream, Z_NO_FLUSH)
            position += given - Int(stream.avail_in)
            count += room - Int(stream.avail_out)
            return code
        }
    }
}

/// Unpacks gzip data, at most `limit` bytes of it.
func gunzip(_ packed: [UInt8], name: String, limit: Int) throws -> [UInt8] {
    var rest = packed
    return try [UInt8](capacity: limit) { target throws(any Error) in
        try inflateGzip(name: name, into: &target) {
            defer { rest = [] }
            return rest
        }
    }
}

/// The first `limit` bytes of a file, unpacked when its name ends in `.gz`; the packed file is never held as a whole.
func readPossiblyCompressedFile(_ path: String, limit: Int) throws -> [UInt8] {
    guard path.hasSuffix(".gz") else { return try readFile(path, limit: limit) }
    let file = try InputFile(path)
    return try [UInt8](capacity: limit) { target throws(any Error) in
        try inflateGzip(name: path, into: &target) { try file.next(1 << 16) }
    }
}

/// A gzip file unpacked, for tests.
package func gunzipped(_ path: String, limit: Int) throws -> [UInt8] {
    try readPossiblyCompressedFile(path, limit: limit)
}
