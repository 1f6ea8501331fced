import Distributed
import Synchronization
import Tensors

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// Ranks as threads of this process, for tests of what ranks do together; a rank can be made to fail in the middle.
package final class LocalNetwork: Sendable {
    /// What happens to a rank when it begins its exchange of that number, from 0.
    package enum Fault: Sendable, Equatable {
        /// Its process ends, and the launcher ends those of the others.
        case dies
        /// Its machine is gone, and nobody tells the others.
        case vanishes
        /// It does something else for so many seconds.
        case stalls(Double)
    }

    /// The end of a rank that a fault brought about.
    package struct Died: Error, Equatable {}

    struct State: Sendable {
        /// What was sent and not yet taken, by sender and receiver.
        var mail: [Int: [[UInt8]]] = [:]
        var notes: [Int: [Note]] = [:]
        /// Why the launcher ended the job.
        var end: String?
    }

    package let size: Int
    let faults: [Int: (exchange: Int, fault: Fault)]
    let state = Mutex(State())

    package init(size: Int, faults: [Int: (exchange: Int, fault: Fault)] = [:]) {
        (self.size, self.faults) = (size, faults)
    }

    /// A rank's end of the network; the first test that needs none but it may leave the others out.
    package func transport(_ rank: Int) -> any Transport { LocalTransport(self, rank) }

    /// Does something on every rank of a network, each in a thread of its own.
    /// - Parameters:
    ///   - hosts: the host of each rank; all on one when absent.
    ///   - report: takes the lines about ranks that do not come.
    /// - Returns: what became of it on each rank.
    package static func run<Output>(
        _ size: Int, faults: [Int: (exchange: Int, fault: Fault)] = [:], hosts: [String]? = nil,
        patience: Patience = Patience(warnAfter: 20, endAfter: 40),
        report: @escaping @Sendable (String) -> Void = { _ in },
        _ body: @escaping @Sendable (ProcessGroup) throws -> Output
    ) -> [Result<Output, any Error>] {
        let network = LocalNetwork(size: size, faults: faults)
        let results = Results<Output>()
        for rank in 0..<size {
            let host = hosts?[rank] ?? "here"
            let work = {
                let result = Result {
                    try body(
                        ProcessGroup(network.transport(rank), host: host, patience: patience, report: report))
                }
                network.left(rank, result)
                results.put(rank, result)
            }
            guard SystemThread.start(stackSize: 8 << 20, work) else {
                results.put(rank, .failure(DistributedError("the system grants no thread")))
                continue
            }
        }
        return results.wait(for: size)
    }

    /// A process that ends with an error makes a launcher end the others.
    private func left<Output>(_ rank: Int, _ result: Result<Output, any Error>) {
        guard case .failure(let error) = result, !(error is Died) else { return }
        state.withLock { if $0.end == nil { $0.end = "rank \(rank) left it with an error" } }
    }
}

/// Results of threads that somebody waits for.
private final class Results<Output>: @unchecked Sendable {
    private let results = Mutex<Void>(())
    private var byRank: [Int: Result<Output, any Error>] = [:]

    func put(_ rank: Int, _ result: Result<Output, any Error>) { results.withLock { _ in byRank[rank] = result } }

    func wait(for count: Int) -> [Result<Output, any Error>] {
        while results.withLock({ _ in byRank.count < count }) { usleep(200) }
        return (0..<count).map { byRank[$0]! }
    }
}

private final class LocalTransport: Transport {
    let rank: Int
    var size: Int { network.size }
    let name = "threads of one process"
    private let network: LocalNetwork
    private var exchanges = 0
    private var isGone = false
    private var receiving = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    private var source: Int?

    init(_ network: LocalNetwork, _ rank: Int) { (self.network, self.rank) = (network, rank) }

    /// The place of what one rank sends another.
    private func box(from sender: Int, to receiver: Int) -> Int { sender * size + receiver }

    func begin(
        sending: UnsafeRawBufferPointer, to destination: Int?, receiving: UnsafeMutableRawBufferPointer,
        from source: Int?
    ) throws {
        try meetFault()
        (self.receiving, self.source) = (receiving, source)
        if receiving.isEmpty { self.source = nil }
        if let destination, !sending.isEmpty {
            let box = box(from: rank, to: destination)
            network.state.withLock { $0.mail[box, default: []].append(Array(sending)) }
        }
    }

    private func meetFault() throws {
        defer { exchanges += 1 }
        guard let (exchange, fault) = network.faults[rank], exchange == exchanges else { return }
        switch fault {
        case .dies:
            network.state.withLock { $0.end = "rank \(rank) was killed" }
            throw LocalNetwork.Died()
        case .vanishes: throw LocalNetwork.Died()
        case .stalls(let seconds): usleep(UInt32(seconds * 1e6))
        }
    }

    func poll() throws -> Bool {
        guard let source else { return true }
        let box = box(from: source, to: rank)
        let (message, end) = network.state.withLock { state -> ([UInt8]?, String?) in
            if let first = state.mail[box]?.first {
                state.mail[box]?.removeFirst()
                return (first, nil)
            }
            return (nil, state.end)
        }
        if let end { throw DistributedError("the launcher ended the job: \(end)") }
        guard let message else { return false }
        guard message.count == receiving.count else {
            throw DistributedError("\(message.count) bytes came where \(receiving.count) were expected")
        }
        message.withUnsafeBytes { receiving.copyMemory(from: $0) }
        self.source = nil
        return true
    }

    func send(_ note: Note, to destination: Int) {
        network.state.withLock { $0.notes[destination, default: []].append(note) }
    }

    func receiveNote() -> Note? {
        network.state.withLock { state in
            guard state.notes[rank]?.isEmpty == false else { return nil }
            return state.notes[rank]?.removeFirst()
        }
    }

    func abort(code: Int32) {
        network.state.withLock { if $0.end == nil { $0.end = "rank \(rank) ended it with code \(code)" } }
    }

    func close() {}
}
