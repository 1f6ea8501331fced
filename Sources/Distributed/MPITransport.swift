import CMPI

/// Bytes between ranks through an MPI library.
package final class MPITransport: Transport {
    package let rank: Int
    package let size: Int
    package let name: String
    private let mpi: OpaquePointer

    /// Joins the job.
    /// - Throws: `DistributedError` where the library cannot start.
    package init(_ library: MPILibrary) throws {
        mpi = library.pointer
        name = library.version
        var (rank, size): (Int32, Int32) = (0, 0)
        let code = hb_mpi_start(mpi, &rank, &size)
        guard code == 0 else {
            throw DistributedError("\(library.version) cannot start, \(Self.words(mpi, code))")
        }
        (self.rank, self.size) = (Int(rank), Int(size))
    }

    package func begin(
        sending: UnsafeRawBufferPointer, to destination: Int?, receiving: UnsafeMutableRawBufferPointer,
        from source: Int?
    ) throws {
        try check(
            hb_mpi_begin(
                mpi, sending.baseAddress, sending.count, Int32(destination ?? -1), receiving.baseAddress,
                receiving.count, Int32(source ?? -1)))
    }

    package func poll() throws -> Bool {
        var isDone: Int32 = 0
        try check(hb_mpi_poll(mpi, &isDone))
        return isDone != 0
    }

    package func send(_ note: Note, to destination: Int) throws {
        try check(note.bytes.withUnsafeBytes { hb_mpi_send_note(mpi, $0.baseAddress, Int32(destination)) })
    }

    package func receiveNote() throws -> Note? {
        var hasCome: Int32 = 0
        var bytes = [UInt8](repeating: 0, count: Note.size)
        try check(bytes.withUnsafeMutableBytes { hb_mpi_receive_note(mpi, $0.baseAddress, &hasCome) })
        return hasCome == 0 ? nil : Note(bytes)
    }

    package func abort(code: Int32) { hb_mpi_abort(mpi, code) }

    package func close() { _ = hb_mpi_finish(mpi) }

    private func check(_ code: Int32) throws {
        guard code != 0 else { return }
        throw DistributedError("rank \(rank) on host \(Host.name) lost the others, \(Self.words(mpi, code))")
    }

    /// A library's own words for an error, on one line.
    private static func words(_ mpi: OpaquePointer, _ code: Int32) -> String {
        String(text: 1 << 12) { hb_mpi_describe(mpi, code, $0, $1) }
    }
}

extension Note {
    /// That of notes of every transport.
    static let size = Int(HB_MPI_NOTE_SIZE)

    var bytes: [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Self.size)
        bytes.withUnsafeMutableBytes {
            $0.storeBytes(of: kind.rawValue, as: UInt32.self)
            $0.storeBytes(of: Int64(sender), toByteOffset: 8, as: Int64.self)
            $0.storeBytes(of: Int64(subject), toByteOffset: 16, as: Int64.self)
        }
        return bytes
    }

    /// Nil for bytes that are none.
    init?(_ bytes: [UInt8]) {
        guard bytes.count == Self.size else { return nil }
        let (kind, sender, subject) = bytes.withUnsafeBytes {
            (
                Kind(rawValue: $0.load(as: UInt32.self)), $0.load(fromByteOffset: 8, as: Int64.self),
                $0.load(fromByteOffset: 16, as: Int64.self)
            )
        }
        guard let kind else { return nil }
        self.init(kind, from: Int(sender), subject: Int(subject))
    }
}

extension String {
    /// What a C function writes into memory of that capacity, with what is no letter of a line as single spaces.
    init(text capacity: Int, _ fill: (UnsafeMutablePointer<CChar>, Int) -> Void) {
        var bytes = [UInt8](repeating: 0, count: capacity)
        bytes.withUnsafeMutableBytes { fill($0.baseAddress!.assumingMemoryBound(to: CChar.self), $0.count) }
        let text = String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        self = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }
}
