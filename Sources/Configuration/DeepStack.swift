#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// Runs code that recurses deeper than the stacks of some systems' secondary threads allow.
enum DeepStack {
    private static let size = 16 << 20

    private final class Body {
        let run: () -> Void
        init(_ run: @escaping () -> Void) { self.run = run }
    }

    /// Runs `body` on a thread with a large stack and waits for its end.
    /// - Returns: false where the system grants no thread; `body` was then not run.
    static func run(_ body: () -> Void) -> Bool {
        withoutActuallyEscaping(body) { body in
            var attributes = pthread_attr_t()
            guard pthread_attr_init(&attributes) == 0 else { return false }
            defer { pthread_attr_destroy(&attributes) }
            pthread_attr_setstacksize(&attributes, size)
            let context = Body(body)
            let opaque = Unmanaged.passUnretained(context).toOpaque()
            return withExtendedLifetime(context) {
                #if canImport(Darwin)
                    var thread: pthread_t?
                    let code = pthread_create(
                        &thread, &attributes,
                        {
                            Unmanaged<Body>.fromOpaque($0).takeUnretainedValue().run()
                            return nil
                        }, opaque)
                    guard code == 0, let thread else { return false }
                #else
                    var thread = pthread_t()
                    let code = pthread_create(
                        &thread, &attributes,
                        { context in
                            if let context { Unmanaged<Body>.fromOpaque(context).takeUnretainedValue().run() }
                            return nil
                        }, opaque)
                    guard code == 0 else { return false }
                #endif
                pthread_join(thread, nil)
                return true
            }
        }
    }

    /// A bound on how deep a text can nest: every level of a block needs a column of its own or shares it with one other,
    /// every level in brackets a bracket.
    static func nestingBound(_ text: String) -> Int {
        var brackets = 0
        var columns = 0
        var column = 0
        var isIndentation = true
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\n"):
                (column, isIndentation) = (0, true)
                continue
            case UInt8(ascii: "["), UInt8(ascii: "{"):
                brackets += 1
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "-"), UInt8(ascii: "?"), UInt8(ascii: ":"):
                if isIndentation { columns = max(columns, column + 1) }
            default:
                isIndentation = false
            }
            column += 1
        }
        return brackets + 2 * (columns + 1)
    }
}
