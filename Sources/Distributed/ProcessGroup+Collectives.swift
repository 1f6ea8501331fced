// What all ranks do together with bytes. Each call must be made by every rank.

extension ProcessGroup {
    /// Returns when every rank has come here.
    /// - Throws: `DistributedError` where one does not come in time; the job is then ended.
    package func barrier() throws {
        calls += 1
        guard size > 1 else { return }
        if isRoot {
            for other in 1..<size { try transfer(.barrier, from: other) }
            for other in 1..<size { try transfer(.barrier, to: other) }
        } else {
            try transfer(.barrier, to: 0)
            try transfer(.barrier, from: 0)
        }
    }

    /// The bytes that rank 0 gives, on every rank.
    /// - Parameter bytes: what rank 0 has to tell; nothing on the others.
    package func broadcast(_ bytes: [UInt8] = []) throws -> [UInt8] {
        calls += 1
        guard size > 1 else { return bytes }
        let (source, destinations) = relays
        let own = try source.map { try receive(.broadcast, from: $0) } ?? bytes
        try own.withUnsafeBytes { memory in
            for destination in destinations { try transfer(.broadcast, to: destination, memory) }
        }
        return own
    }

    /// Fills memory with what rank 0 has in its own, without a copy of it; for weights and the optimizer's memory.
    package func broadcast(into memory: UnsafeMutableRawBufferPointer) throws {
        calls += 1
        guard size > 1 else { return }
        let (source, destinations) = relays
        if let source { try transfer(.broadcast, from: source) { _ in memory } }
        for destination in destinations {
            try transfer(.broadcast, to: destination, UnsafeRawBufferPointer(memory))
        }
    }

    /// From whom a rank has what rank 0 tells, and to whom it hands it on: a binomial tree, so that it takes log2 of
    /// the ranks' turns.
    private var relays: (source: Int?, destinations: [Int]) {
        let lowest = rank == 0 ? Int.max : rank & -rank
        var destinations: [Int] = []
        var distance = 1
        while distance < size {
            if distance < lowest, rank + distance < size { destinations.append(rank + distance) }
            distance *= 2
        }
        // The farthest first: it has the most ranks behind it.
        return (rank == 0 ? nil : rank - lowest, destinations.reversed())
    }

    /// The bytes of every rank, in the order of the ranks, on rank 0; nothing on the others.
    package func gather(_ bytes: [UInt8]) throws -> [[UInt8]]? {
        calls += 1
        guard size > 1 else { return [bytes] }
        guard isRoot else {
            try bytes.withUnsafeBytes { memory in _ = try transfer(.gather, to: 0, memory) }
            return nil
        }
        return try [bytes] + (1..<size).map { try receive(.gather, from: $0) }
    }

    /// The bytes of every rank, in the order of the ranks, on every rank.
    package func gatherToAll(_ bytes: [UInt8]) throws -> [[UInt8]] {
        let gathered = try gather(bytes)
        guard size > 1 else { return gathered ?? [] }
        let joined = try broadcast(gathered.map(Self.joined) ?? [])
        guard let parts = Self.parts(of: joined), parts.count == size else {
            throw DistributedError("what rank 0 gathered does not have the parts of \(size) ranks")
        }
        return parts
    }

    /// Each part after its length.
    private static func joined(_ parts: [[UInt8]]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(parts.reduce(0) { $0 + $1.count + 8 })
        for part in parts {
            withUnsafeBytes(of: Int64(part.count)) { bytes.append(contentsOf: $0) }
            bytes.append(contentsOf: part)
        }
        return bytes
    }

    private static func parts(of bytes: [UInt8]) -> [[UInt8]]? {
        var parts: [[UInt8]] = []
        var start = 0
        while start < bytes.count {
            guard bytes.count - start >= 8 else { return nil }
            let count = bytes.withUnsafeBytes { Int($0.loadUnaligned(fromByteOffset: start, as: Int64.self)) }
            start += 8
            guard count >= 0, count <= bytes.count - start else { return nil }
            parts.append(Array(bytes[start..<start + count]))
            start += count
        }
        return parts
    }
}
