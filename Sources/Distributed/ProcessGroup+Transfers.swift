import Tensors

// Bytes from rank to rank. All calls of the group are made of these.

extension ProcessGroup {
    /// Sends to one rank and receives from another, either of which may be missing.
    /// - Parameters:
    ///   - flags: what goes along.
    ///   - place: gives the memory for so many bytes, once it is known how many come.
    /// - Returns: the flags that came along, 0 where nothing comes.
    /// - Throws: `DistributedError` where the other rank does something else, or does not come.
    @discardableResult
    func transfer(
        _ call: Call, to destination: Int? = nil, _ sent: UnsafeRawBufferPointer = .init(start: nil, count: 0),
        from source: Int? = nil, flags: UInt32 = 0,
        place: (Int) throws -> UnsafeMutableRawBufferPointer = { _ in .init(start: nil, count: 0) }
    ) throws -> UInt32 {
        try withUnsafeTemporaryAllocation(byteCount: 2 * Envelope.size, alignment: 16) { memory in
            let outgoing = UnsafeMutableRawBufferPointer(rebasing: memory[..<Envelope.size])
            let incoming = UnsafeMutableRawBufferPointer(rebasing: memory[Envelope.size...])
            if destination != nil {
                Envelope(call, calls, flags: flags, count: sent.count).write(to: outgoing, content: sent)
            }
            try exchange(
                UnsafeRawBufferPointer(outgoing), to: destination, incoming, from: source, in: call)
            var came: UInt32 = 0
            var rest = UnsafeMutableRawBufferPointer(start: nil, count: 0)
            if let source {
                let envelope = try opened(UnsafeRawBufferPointer(incoming), from: source, in: call)
                came = envelope.flags
                let whole = try place(envelope.count)
                guard whole.count == envelope.count else { throw mismatch(envelope, from: source, wanted: whole.count) }
                let start = Envelope.start(of: UnsafeRawBufferPointer(incoming), count: envelope.count)
                whole.copyMemory(from: start)
                rest = UnsafeMutableRawBufferPointer(rebasing: whole[start.count...])
            }
            let unsent = UnsafeRawBufferPointer(rebasing: sent.dropFirst(Envelope.room))
            try exchangeInPieces(unsent, to: destination, rest, from: source, in: call)
            return came
        }
    }

    /// What does not go along in the envelopes. Each piece is waited for by itself, so that a slow network is not taken for
    /// a rank that does not come.
    private func exchangeInPieces(
        _ sent: UnsafeRawBufferPointer, to destination: Int?, _ received: UnsafeMutableRawBufferPointer,
        from source: Int?, in call: Call
    ) throws {
        let piece = 1 << 26
        for start in stride(from: 0, to: max(sent.count, received.count), by: piece) {
            let out = UnsafeRawBufferPointer(rebasing: sent.dropFirst(start).prefix(piece))
            let into = UnsafeMutableRawBufferPointer(rebasing: received.dropFirst(start).prefix(piece))
            try exchange(
                out, to: out.isEmpty ? nil : destination, into, from: into.isEmpty ? nil : source, in: call)
        }
    }

    private func opened(_ memory: UnsafeRawBufferPointer, from source: Int, in call: Call) throws -> Envelope {
        guard let envelope = Envelope(memory) else {
            throw DistributedError(
                "what \(name(of: source)) sent is no message of this program; use one version on all ranks")
        }
        guard envelope.call == call, envelope.number == calls else {
            throw DistributedError(
                "\(name(of: source)) is at call \(envelope.number), \(envelope.call.name), and \(name(of: rank)) at call "
                    + "\(calls), \(call.name); all ranks must do the same")
        }
        return envelope
    }

    private func mismatch(_ envelope: Envelope, from source: Int, wanted: Int) -> DistributedError {
        DistributedError(
            "\(name(of: source)) sent \(envelope.count) bytes in call \(envelope.number), \(envelope.call.name), and "
                + "\(name(of: rank)) expected \(wanted); all ranks must have the same model and batch")
    }

    /// The bytes that come from a rank.
    func receive(_ call: Call, from source: Int) throws -> [UInt8] {
        var memory = UnsafeMutableRawBufferPointer(start: nil, count: 0)
        defer { memory.deallocate() }
        try transfer(call, from: source) { count in
            memory = .allocate(byteCount: count, alignment: 16)
            return memory
        }
        return Array(memory)
    }
}
