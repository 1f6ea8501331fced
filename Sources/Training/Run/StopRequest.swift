import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// The wish to stop, told to the process by SIGINT (Ctrl-C), SIGTERM or SIGHUP (its terminal was closed): the first lets a
/// run finish its update and save, the second ends the process at once.
package enum StopRequest {
    private static let signalNumber = Atomic<Int32>(0)

    /// Whether what goes on are a run's updates, the last of which is finished first.
    private static let isTraining = Atomic<Bool>(true)

    /// The signal that asked to stop, if one did.
    static var pending: Int32? {
        let number = signalNumber.load(ordering: .relaxed)
        return number == 0 ? nil : number
    }

    private static let signals = [SIGINT, SIGTERM, SIGHUP]

    /// From now on these signals ask to stop. A signal that the process was started to ignore, as `nohup` and shells
    /// do for work in the background, stays ignored; one that is merely blocked, as by a parent's thread that takes no
    /// signals, is let in.
    /// - Parameter training: whether a run is to end after its update, or other work as soon as it can.
    package static func listen(training: Bool = true) {
        isTraining.store(training, ordering: .relaxed)
        _ = signalNumber.load(ordering: .relaxed)  // Made now, since a handler must not make it.
        for number in Self.signals {
            let before = signal(number, handle)
            if let before, unsafeBitCast(before, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self) {
                signal(number, SIG_IGN)
            }
        }
        var unblocked = sigset_t()
        sigemptyset(&unblocked)
        for number in Self.signals { sigaddset(&unblocked, number) }
        pthread_sigmask(SIG_UNBLOCK, &unblocked, nil)
    }

    /// Only calls that are allowed in a handler.
    private static let handle: @convention(c) (Int32) -> Void = { number in
        guard signalNumber.exchange(number, ordering: .relaxed) == 0 else { _exit(128 + number) }
        let text: StaticString =
            isTraining.load(ordering: .relaxed)
            ? "\nstopping after this update; once more to leave at once\n" : "\nstopping; once more to leave at once\n"
        _ = write(2, text.utf8Start, text.utf8CodeUnitCount)
    }

    /// For tests: as if no signal had come, or one.
    package static func set(_ number: Int32?) { signalNumber.store(number ?? 0, ordering: .relaxed) }
}

/// A run that stopped because it was asked to; everything up to its last update is saved.
package struct Interrupted: Error, CustomStringConvertible, Sendable {
    package let signal: Int32
    /// Finished updates.
    package let updates: Int

    /// What shells expect of a process that a signal ended: 130 after SIGINT, 143 after SIGTERM, 129 after SIGHUP.
    package var exitCode: Int32 { 128 + signal }

    package var description: String {
        let name = signal == SIGINT ? "SIGINT" : signal == SIGHUP ? "SIGHUP" : "SIGTERM"
        return "stopped by \(name) after \(updates) updates; everything is saved"
    }

    /// The command that goes on with the run that these arguments of the program started.
    package static func resumeCommand(_ arguments: [String]) -> String {
        var arguments = arguments.filter { $0 != "--overwrite" }
        // A sweep goes on by itself.
        let goesOn = arguments.dropFirst().first == "sweep"
        if !goesOn, !arguments.contains("--resume") { arguments.append("--resume") }
        return arguments.map(ShellWord.quoted).joined(separator: " ")
    }
}
