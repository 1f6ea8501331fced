import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// The wish to stop, told to the process by SIGINT (Ctrl-C) or SIGTERM: the first lets a run finish its update and save,
/// the second ends the process at once.
public enum StopRequest {
    private static let signalNumber = Atomic<Int32>(0)

    /// Whether what goes on are a run's updates, the last of which is finished first.
    private static let isTraining = Atomic<Bool>(true)

    /// The signal that asked to stop, if one did.
    static var pending: Int32? {
        let number = signalNumber.load(ordering: .relaxed)
        return number == 0 ? nil : number
    }

    /// From now on SIGINT and SIGTERM ask to stop. A signal that the process was started to ignore, as `nohup` and shells
    /// do for work in the background, stays ignored; one that is merely blocked, as by a parent's thread that takes no
    /// signals, is let in.
    /// - Parameter training: whether a run is to end after its update, or other work as soon as it can.
    public static func listen(training: Bool = true) {
        isTraining.store(training, ordering: .relaxed)
        _ = signalNumber.load(ordering: .relaxed)  // Made now, since a handler must not make it.
        for number in [SIGINT, SIGTERM] {
            let before = signal(number, handle)
            if let before, unsafeBitCast(before, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self) {
                signal(number, SIG_IGN)
            }
        }
        var signals = sigset_t()
        sigemptyset(&signals)
        for number in [SIGINT, SIGTERM] { sigaddset(&signals, number) }
        pthread_sigmask(SIG_UNBLOCK, &signals, nil)
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
public struct Interrupted: Error, CustomStringConvertible, Sendable {
    public let signal: Int32
    /// Finished updates.
    public let updates: Int

    /// What shells expect of a process that a signal ended: 130 after SIGINT, 143 after SIGTERM.
    public var exitCode: Int32 { 128 + signal }

    public var description: String {
        "stopped by \(signal == SIGINT ? "SIGINT" : "SIGTERM") after \(updates) updates; everything is saved"
    }

    /// The command that goes on with the run that these arguments of the program started.
    public static func resumeCommand(_ arguments: [String]) -> String {
        var arguments = arguments.filter { $0 != "--overwrite" }
        // A sweep goes on by itself.
        let goesOn = arguments.dropFirst().first == "sweep"
        if !goesOn, !arguments.contains("--resume") { arguments.append("--resume") }
        return arguments.map(quoted).joined(separator: " ")
    }

    /// An argument as a shell takes it.
    public static func quoted(_ argument: String) -> String {
        let plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./=,:+@%"
        if !argument.isEmpty, argument.allSatisfy(plain.contains) { return argument }
        return "'" + argument.replacing("'", with: "'\\''") + "'"
    }
}
