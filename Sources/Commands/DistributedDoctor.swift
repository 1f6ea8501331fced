import ArgumentParser
import Distributed
import Foundation
import JSON
import Reporting
import Tensors
import Training

/// `trainer doctor --distributed`, called by a launcher on every rank.
struct DistributedDoctor {
    let json: Bool

    /// Floats of the arrays that are summed: a few numbers, a small model's gradients, a middle one's.
    private static let counts = [1024, 1 << 18, 1 << 23]

    func run() throws {
        let group = try ProcessGroup.join()
        do {
            try check(group)
            try group.close()
        } catch {
            guard group.leave(after: error) else { throw ExitCode.failure }
            throw error
        }
    }

    private func check(_ group: ProcessGroup) throws {
        try group.agreeOnPrograms()
        let shares = try group.shareProcessors()
        ThreadPool.shared.threads = shares.threads
        let threads = try group.gatherToAll([UInt8](String(shares.threads).utf8)).map {
            String(decoding: $0, as: UTF8.self)
        }
        let checked = try DistributedCheck(group, counts: Self.counts)
        guard group.isRoot else { return }
        let console = Console()
        if json {
            console.text(encode(group, checked, threads).text(pretty: true))
            return
        }
        console.line(shares.line)
        console.line("bytes move through \(group.transportName)")
        for (host, ranks) in Dictionary(grouping: 0..<group.size, by: { group.hosts[$0] }).sorted(by: {
            $0.value[0] < $1.value[0]
        }) {
            let counts = Set(ranks.map { threads[$0] }).sorted().joined(separator: ", ")
            console.line("\(host): ranks \(ranks.map(String.init).joined(separator: ", ")), threads of each: \(counts)")
        }
        let rows = checked.sums.map { sum in
            [
                Self.size(sum.bytes), Self.size(sum.sentBytes), NumberText.fixed(sum.milliseconds, decimals: 2),
                sum.checksum,
            ]
        }
        console.text(
            Table(
                columns: [
                    Table.Column("sum of", .right), Table.Column("sent by a rank", .right), Table.Column("ms", .right),
                    Table.Column("checksum", .left),
                ], rows: rows
            ).render())
        console.line("over \(checked.slices) slices; every sum is that of one rank, bit for bit")
    }

    private static func size(_ bytes: Int) -> String {
        bytes < 1 << 20 ? "\(bytes >> 10) KB" : NumberText.fixed(Double(bytes) / 0x1p20, decimals: 1) + " MB"
    }

    private func encode(_ group: ProcessGroup, _ checked: DistributedCheck, _ threads: [String]) -> JSONValue {
        [
            "ranks": .integer(group.size), "library": .string(group.transportName),
            "hosts": .array(group.hosts.map { .string($0) }),
            "threads": .array(threads.map { .integer(Int($0) ?? 0) }), "slices": .integer(checked.slices),
            "sums": .array(
                checked.sums.map { sum in
                    [
                        "bytes": .integer(sum.bytes), "sentBytes": .integer(sum.sentBytes),
                        "milliseconds": .number(sum.milliseconds), "checksum": .string(sum.checksum),
                    ]
                }),
        ]
    }
}
