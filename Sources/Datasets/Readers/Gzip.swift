import CZLib

/// Unpacks gzip data as it comes; members that follow each other are one stream.
/// - Parameters:
///   - target: what is filled; unpacking stops when it is full.
///   - next: gives the next packed bytes, 0 at the end.
/// - Returns: how many bytes were unpacked.
private func inflateGzip(
    name: String, into target: UnsafeMutableBufferPointer<UInt8>,
    next: (UnsafeMutableBufferPointer<UInt8>) throws -> Int
) throws -> Int {
    var stream = z_stream()
    // 15 + 16: the largest window, gzip framing only.
    guard inflateInit2_(&stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
        throw DatasetError(name, "there is no memory to unpack it")
    }
    defer { inflateEnd(&stream) }
    let input = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 1 << 16)
    defer { input.deallocate() }
    var count = 0
    var isEmpty = true
    var isBetweenMembers = false
    while count < target.count {
        if stream.avail_in == 0 {
            let got = try next(input)
            if got == 0 {
                if isBetweenMembers { return count }
                throw DatasetError(
                    name,
                    isEmpty ? "the gzip file is empty" : "the gzip file is truncated: it ends before its data does")
            }
            isEmpty = false
            stream.next_in = input.baseAddress
            stream.avail_in = UInt32(got)
        }
        if isBetweenMembers {
            // Zeros fill up blocks of tapes; anything else that is no member does not belong to the data.
            guard stream.next_in.pointee == 0x1f else { return count }
            inflateReset(&stream)
            isBetweenMembers = false
        }
        let room = min(target.count - count, 1 << 30)
        stream.next_out = target.baseAddress! + count
        stream.avail_out = UInt32(room)
        let code = inflate(&stream, Z_NO_FLUSH)
        count += room - Int(stream.avail_out)
        switch code {
        case Z_STREAM_END: isBetweenMembers = true
        case Z_OK, Z_BUF_ERROR: continue
        default: throw DatasetError(name, "the gzip data is corrupt")
        }
    }
    return count
}

/// Unpacks gzip data, at most `limit` bytes of it.
func gunzip(_ packed: [UInt8], name: String, limit: Int) throws -> [UInt8] {
    var position = 0
    return try [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
        count = try inflateGzip(
            name: name, into: UnsafeMutableBufferPointer(rebasing: buffer[..<limit])
        ) { piece in
            let size = min(piece.count, packed.count - position)
            for i in 0..<size { piece[i] = packed[position + i] }
            position += size
            return size
        }
    }
}

/// The first `limit` bytes of a file, unpacked when its name ends in `.gz`; the packed file is never held as a whole.
func readPossiblyCompressedFile(_ path: String, limit: Int) throws -> [UInt8] {
    guard path.hasSuffix(".gz") else { return try readFile(path, limit: limit) }
    let file = try InputFile(path)
    return try [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
        count = try inflateGzip(
            name: path, into: UnsafeMutableBufferPointer(rebasing: buffer[..<limit]), next: file.fill)
    }
}

/// A gzip file unpacked, for tests.
package func gunzipped(_ path: String, limit: Int) throws -> [UInt8] {
    try readPossiblyCompressedFile(path, limit: limit)
}
