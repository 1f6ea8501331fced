import Tensors

/// The ranks of a job, and what they do together. Every rank must make the same calls in the same order; where they do
/// not, an error says which calls met. A group of one rank does everything by itself and never fails.
///
/// One thread at a time may use it: that of the training.
package final class ProcessGroup: @unchecked Sendable {
    let transport: (any Transport)?
    /// Which of the ranks this is, from 0.
    package let rank: Int
    /// The number of ranks.
    package let size: Int
    /// The host of each rank; known once the group is made.
    package internal(set) var hosts: [String]
    /// How long a rank waits for another before it says so, and before it ends the job.
    package var patience: Patience
    /// Where lines about ranks that do not come go to; the error output by default.
    package var report: (String) -> Void
    /// The number of calls so far, which must be the same on all ranks.
    var calls: UInt64 = 0
    /// Whether all ranks have met the same error, so that none waits for another.
    private var hasCommonError = false

    /// Whether this rank reads and writes the files of the run.
    package var isRoot: Bool { rank == 0 }

    /// The group of a process that works alone.
    package static func alone() -> ProcessGroup { ProcessGroup() }

    private init() {
        (transport, rank, size) = (nil, 0, 1)
        hosts = [Host.name]
        patience = Patience()
        report = { Host.writeLine($0) }
    }

    /// Joins the ranks of a transport and learns their hosts.
    /// - Throws: `DistributedError` where they cannot talk to each other.
    package init(
        _ transport: any Transport, host: String = Host.name, patience: Patience = .fromEnvironment(),
        report: @escaping (String) -> Void = { Host.writeLine($0) }
    ) throws {
        self.transport = transport
        (rank, size) = (transport.rank, transport.size)
        hosts = []
        self.patience = patience
        self.report = report
        hosts = try gatherToAll([UInt8](host.utf8)).map { String(decoding: $0, as: UTF8.self) }
    }

    /// What carries the bytes, with its version.
    package var transportName: String { transport?.name ?? "nothing" }

    /// How ranks are named in messages: "rank 3 on host x".
    package func name(of rank: Int) -> String {
        rank < hosts.count ? "rank \(rank) on host \(hosts[rank])" : "rank \(rank)"
    }

    /// Ends the connection; every rank must come here.
    package func close() throws {
        try barrier()
        transport?.close()
    }

    /// Marks an error that all ranks throw at this place.
    package func common<Failure: Error>(_ error: Failure) -> Failure {
        hasCommonError = true
        return error
    }

    /// Leaves the job after an error. One that all ranks have met ends it in good order; one that this rank has met alone
    /// ends the processes of all, after one line that names rank and host.
    /// - Returns: whether this rank is the one to tell it.
    package func leave(after error: any Error) -> Bool {
        guard hasCommonError || size == 1 else {
            fail(error)
            return false
        }
        try? close()
        return isRoot
    }
}
