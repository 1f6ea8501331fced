import Tensors

/// The processors that a rank may use, and those of the ranks beside it on its machine.
package struct ProcessorShares: Equatable, Sendable {
    /// Threads of each rank.
    package let threads: [Int]
    package let machines: Int

    /// What a rank tells about itself.
    package struct Rank: Equatable, Sendable {
        var host: String
        /// The processors of its affinity mask, by number; empty where the system does not tell them.
        var mask: [Int]
        /// How many processors it may use at once.
        var allowance: Int

        package init(host: String, mask: [Int], allowance: Int) {
            (self.host, self.mask, self.allowance) = (host, mask, allowance)
        }
    }

    fileprivate init(threads: [Int], machines: Int) { (self.threads, self.machines) = (threads, machines) }

    /// Divides processors that several ranks of one machine may use evenly among them.
    package init(_ ranks: [Rank]) {
        machines = Set(ranks.map(\.host)).count
        var users: [String: [Int: Int]] = [:]
        var neighbors: [String: Int] = [:]
        for rank in ranks {
            neighbors[rank.host, default: 0] += 1
            for processor in rank.mask { users[rank.host, default: [:]][processor, default: 0] += 1 }
        }
        threads = ranks.map { rank in
            let beside = neighbors[rank.host] ?? 1
            guard !rank.mask.isEmpty else { return max(1, rank.allowance / beside) }
            let counts = rank.mask.map { users[rank.host]?[$0] ?? 1 }
            let share = counts.reduce(0.0) { $0 + 1 / Double($1) }
            // A group's quota, where it is less than the mask, is one for all ranks whose masks overlap.
            let most = counts.max() ?? 1
            let granted = rank.allowance < rank.mask.count ? rank.allowance / most : rank.mask.count
            // Thirds that are added up fall short of a whole by a rounding error.
            return max(1, min(granted, Int((share + 1e-9).rounded(.down))))
        }
    }

    /// "4 ranks x 8 threads on 2 machines".
    package var line: String {
        let (fewest, most) = (threads.min() ?? 1, threads.max() ?? 1)
        let each = fewest == most ? "\(most)" : "\(fewest) to \(most)"
        return
            "\(threads.count) \(threads.count == 1 ? "rank" : "ranks") x \(each) \(most == 1 ? "thread" : "threads") on "
            + "\(machines) \(machines == 1 ? "machine" : "machines")"
    }
}

extension ProcessGroup {
    /// The threads that this rank may use, processors shared by ranks of one machine being divided among them, and the
    /// line that says so: "4 ranks x 8 threads on 2 machines". Every rank must call it.
    /// - Parameter asked: threads that the recipe gives to each rank, 0 for as many as there are.
    package func shareProcessors(asked: Int = 0) throws -> (threads: Int, line: String) {
        let own = ProcessorAllowance.current
        let text = ([own.count, asked] + ProcessorAllowance.processors).map(String.init).joined(separator: " ")
        let told = try gatherToAll([UInt8](text.utf8)).map { bytes in
            String(decoding: bytes, as: UTF8.self).split(separator: " ").compactMap { Int($0) }
        }
        let ranks = zip(hosts, told).map { host, numbers in
            ProcessorShares.Rank(host: host, mask: Array(numbers.dropFirst(2)), allowance: numbers.first ?? 1)
        }
        let shares = ProcessorShares(ranks)
        let threads = zip(shares.threads, told).map { share, numbers in
            numbers.count > 1 && numbers[1] > 0 ? numbers[1] : share
        }
        return (threads[rank], ProcessorShares(threads: threads, machines: shares.machines).line)
    }
}
