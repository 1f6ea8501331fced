#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// Work that ended early because it was asked to, and that saves nothing of its own.
package struct Stopped: Error, CustomStringConvertible, Sendable {
    package let signal: Int32
    /// What is there of the work, and what to do next.
    package let advice: String

    /// What shells expect of a process that a signal ended.
    package var exitCode: Int32 { 128 + signal }

    package var description: String { "stopped by \(StopRequest.name(of: signal)); \(advice)" }
}

extension StopRequest {
    /// Ends work of which nothing is saved when the process was asked to stop.
    /// - Throws: `Stopped`.
    package static func check(_ advice: @autoclosure () -> String) throws {
        if let signal = pending { throw Stopped(signal: signal, advice: advice()) }
    }

    static func name(of signal: Int32) -> String {
        switch signal {
        case SIGINT: "SIGINT"
        case SIGHUP: "SIGHUP"
        default: "SIGTERM"
        }
    }
}
