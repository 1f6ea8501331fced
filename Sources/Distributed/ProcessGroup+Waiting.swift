import CKernels

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

// Waiting for other ranks, and saying so when one does not come.
//
// A rank that waits long asks the one it waits for. A rank that waits itself answers for whom, so that only the ranks
// whose question stays without an answer name one: the others are merely held up.

/// What is known while a rank waits in one exchange.
private struct Watch {
    let started = ContinuousClock.now
    /// The rank that is waited for.
    let peer: Int
    var lastLook: ContinuousClock.Instant
    var hasAsked = false
    var hasWarned = false
    /// The rank that the peer says it waits for.
    var culprit: Int?

    init(for peer: Int) {
        self.peer = peer
        lastLook = started
    }
}

extension ContinuousClock.Instant {
    fileprivate var secondsSince: Double {
        let (seconds, attoseconds) = duration(to: .now).components
        return Double(seconds) + Double(attoseconds) * 1e-18
    }
}

extension ProcessGroup {
    /// An exchange from its start to its end.
    func exchange(
        _ sent: UnsafeRawBufferPointer, to destination: Int?, _ received: UnsafeMutableRawBufferPointer,
        from source: Int?, in call: Call
    ) throws {
        guard let transport else { return }
        try transport.begin(sending: sent, to: destination, receiving: received, from: source)
        var polls = 0
        var watch: Watch?
        while try !transport.poll() {
            polls += 1
            // At first the answer is near; later others may need the processor more than this rank does.
            if polls < 1000 {
                hb_pause()
                continue
            }
            sched_yield()
            guard polls & 63 == 0 else { continue }
            if watch == nil { watch = Watch(for: source ?? destination ?? rank) }
            try look(&watch!, transport, call)
        }
    }

    /// Answers questions, asks its own, warns and ends the job, all in good time.
    private func look(_ watch: inout Watch, _ transport: any Transport, _ call: Call) throws {
        guard watch.lastLook.secondsSince > min(0.01, patience.warnAfter / 10) else { return }
        watch.lastLook = .now
        // A second of waiting means work elsewhere, and a thousandth more does not matter.
        let waited = watch.started.secondsSince
        if waited > 1 { usleep(1000) }
        while let note = try transport.receiveNote() {
            switch note.kind {
            case .question:
                try transport.send(
                    Note(.waiting, from: rank, subject: watch.culprit ?? watch.peer), to: note.sender)
            case .waiting:
                if note.sender == watch.peer { watch.culprit = note.subject }
            }
        }
        let grace = min(2, patience.warnAfter)
        if waited > patience.warnAfter, !watch.hasAsked {
            watch.hasAsked = true
            watch.culprit = nil
            try transport.send(Note(.question, from: rank, subject: watch.peer), to: watch.peer)
        } else if waited > patience.warnAfter + grace, !watch.hasWarned {
            watch.hasWarned = true
            if watch.culprit == nil {
                report(
                    "\(name(of: watch.peer)) has not arrived for \(Int(waited.rounded(.down))) s; "
                        + "\(name(of: rank)) waits for it in \(call.name)")
            }
        }
        // Those who know more speak first.
        if waited > patience.endAfter + grace + (watch.culprit == nil ? 0 : grace) {
            throw end(watch, waited)
        }
    }

    /// Ends the job, since a rank does not come.
    private func end(_ watch: Watch, _ waited: Double) -> DistributedError {
        let missing = watch.culprit ?? watch.peer
        let witness = watch.culprit.map { $0 == rank ? "" : ", says \(name(of: watch.peer))" } ?? ""
        let error = DistributedError(
            "\(name(of: missing)) has not arrived for \(Int(waited.rounded(.down))) s\(witness); the job is ended")
        report(error.description)
        transport?.abort(code: 1)
        return error
    }
}
