// What all ranks do together with bytes. Each call must be made by every rank.

extension ProcessGroup {
    /// Returns when every rank has come here.
    /// - Throws: `DistributedError` where one does not come in time; the job is then ended.
    package func barrier() throws { fatalError("not yet") }

    /// The bytes that rank 0 gives, on every rank.
    /// - Parameter bytes: what rank 0 has to tell; nothing on the others.
    package func broadcast(_ bytes: [UInt8] = []) throws -> [UInt8] { fatalError("not yet") }

    /// Fills memory with what rank 0 has in its own, without a copy of it; for weights and optimizer states.
    package func broadcast(into memory: UnsafeMutableRawBufferPointer) throws { fatalError("not yet") }

    /// The bytes of every rank, in the order of the ranks, on rank 0; nothing on the others.
    package func gather(_ bytes: [UInt8]) throws -> [[UInt8]]? { fatalError("not yet") }

    /// The bytes of every rank, in the order of the ranks, on every rank.
    package func gatherToAll(_ bytes: [UInt8]) throws -> [[UInt8]] { fatalError("not yet") }

    /// Compares a text, such as a checksum, between all ranks.
    /// - Parameter what: what it stands for, in the plural: "the parameters after epoch 3".
    /// - Throws: the same `DistributedError` on all ranks where it differs; it names the ranks that are alone with theirs.
    package func agree(_ what: String, _ value: String) throws { fatalError("not yet") }

    /// Does something on every rank that may fail on some, such as reading files. Where it fails on any, it fails on all.
    /// - Throws: this rank's own error, or else a `DistributedError` that names the first rank that failed and gives its
    ///   sentence.
    package func together<Result>(_ body: () throws -> Result) throws -> Result { fatalError("not yet") }

    /// Does something on rank 0 alone, whose bytes every rank gets; where it fails, all ranks throw.
    package func onRoot(_ body: () throws -> [UInt8]) throws -> [UInt8] { fatalError("not yet") }

    /// Ends the job on all ranks, for an error that this rank alone has met: prints one line that names rank and host.
    package func fail(_ error: any Error, code: Int32 = 1) { fatalError("not yet") }
}
