// What ranks find out about each other: whether they have the same, and whether all could do something.

extension ProcessGroup {
    /// Compares a text, such as a checksum, between all ranks.
    /// - Parameter what: what it stands for, in the plural: "the parameters after epoch 3".
    /// - Throws: the same `DistributedError` on all ranks where it differs; it names the ranks that are alone with theirs.
    package func agree(_ what: String, _ value: String) throws {
        let values = try gather([UInt8](value.utf8))?.map { String(decoding: $0, as: UTF8.self) }
        let verdict = try broadcast([UInt8]((values.flatMap { divergence(of: what, $0) } ?? "").utf8))
        guard verdict.isEmpty else { throw common(DistributedError(String(decoding: verdict, as: UTF8.self))) }
    }

    /// The sentence about values that differ. What most ranks have, or rank 0 where no value has more, counts as right.
    private func divergence(of what: String, _ values: [String]) -> String? {
        var counts: [String: Int] = [:]
        for value in values { counts[value, default: 0] += 1 }
        guard counts.count > 1, let root = values.first else { return nil }
        let most = counts.values.max() ?? 0
        let right = counts[root] == most ? root : values.first { counts[$0] == most } ?? root
        let wrong = values.indices.filter { values[$0] != right }
        let named = wrong.prefix(3).map { "\(name(of: $0)) has \(values[$0])" }.joined(separator: ", ")
        let more = wrong.count > 3 ? " and \(wrong.count - 3) more differ" : ""
        let others =
            values.count - wrong.count == 1 ? "\(name(of: values.firstIndex(of: right) ?? 0)) has" : "the others have"
        return "\(what) differ between ranks: \(named)\(more), \(others) \(right)"
    }

    /// Does something on every rank that may fail on some, such as reading files. Where it fails on any, it fails on all.
    /// - Throws: this rank's own error, or else a `DistributedError` that names the first rank that failed and gives its
    ///   sentence.
    package func together<Result>(_ body: () throws -> Result) throws -> Result {
        var failure: (any Error)?
        var result: Result?
        do { result = try body() } catch { failure = error }
        let sentences = try gatherToAll(failure.map { [UInt8]("!\($0)".utf8) } ?? [])
        if let first = sentences.firstIndex(where: { !$0.isEmpty }) {
            let told = DistributedError(
                "\(name(of: first)): \(String(decoding: sentences[first].dropFirst(), as: UTF8.self))")
            throw common(failure ?? told)
        }
        return result!
    }

    /// Does something on rank 0 alone, whose bytes every rank gets; where it fails, all ranks throw.
    package func onRoot(_ body: () throws -> [UInt8]) throws -> [UInt8] {
        var failure: (any Error)?
        var bytes: [UInt8] = []
        if isRoot {
            do { bytes = try [0] + body() } catch {
                failure = error
                bytes = [1] + [UInt8]("\(error)".utf8)
            }
        }
        let answer = try broadcast(bytes)
        guard answer.first == 0 else {
            let told = DistributedError("\(name(of: 0)): \(String(decoding: answer.dropFirst(), as: UTF8.self))")
            throw common(failure ?? told)
        }
        return Array(answer.dropFirst())
    }

    /// Ends the job on all ranks, for an error that this rank alone has met: prints one line that names rank and host.
    /// Comes back only where the ranks are no processes, and at once in a group of one.
    package func fail(_ error: any Error, code: Int32 = 1) {
        guard size > 1 else { return }
        report("\(name(of: rank)): \(error)")
        transport?.abort(code: code)
    }
}
