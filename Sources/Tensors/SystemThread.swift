#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// Threads whose start may fail: limits on processes are usual in containers and on clusters, and whoever waits for a
/// thread that never began waits for ever.
package enum SystemThread {
    /// Which thread something ran on.
    package struct Identity: Hashable, Sendable {
        private let bits: UInt

        /// That of the calling thread.
        package static var current: Identity {
            #if canImport(Darwin)
                Identity(bits: UInt(bitPattern: pthread_self()))
            #else
                Identity(bits: UInt(pthread_self()))
            #endif
        }
    }

    private final class Body {
        let run: () -> Void
        init(_ run: @escaping () -> Void) { self.run = run }
    }

    /// Starts a detached thread.
    /// - Parameter stackSize: in bytes; the system's own when absent.
    /// - Returns: false where the system grants none; `body` is then never called.
    package static func start(stackSize: Int? = nil, _ body: @escaping () -> Void) -> Bool {
        var attributes = pthread_attr_t()
        guard pthread_attr_init(&attributes) == 0 else { return false }
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        if let stackSize { pthread_attr_setstacksize(&attributes, stackSize) }
        let context = Unmanaged.passRetained(Body(body))
        #if canImport(Darwin)
            var thread: pthread_t?
            let code = pthread_create(
                &thread, &attributes,
                {
                    Unmanaged<Body>.fromOpaque($0).takeRetainedValue().run()
                    return nil
                }, context.toOpaque())
        #else
            var thread = pthread_t()
            let code = pthread_create(
                &thread, &attributes,
                { context in
                    if let context { Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run() }
                    return nil
                }, context.toOpaque())
        #endif
        if code != 0 { context.release() }
        return code == 0
    }
}
