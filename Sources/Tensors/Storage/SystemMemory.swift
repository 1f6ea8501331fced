#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// Memory from the system. A computation in the middle of a model cannot go on without it, so where there is none the
/// program ends with one sentence on the error output and exit code 1.
public enum SystemMemory {
    /// Uninitialised, aligned memory, to be given back with `release`.
    /// - Parameter inUse: bytes that the caller holds already, for the sentence.
    public static func take(_ bytes: Int, alignment: Int = 64, inUse: Int = 0) -> UnsafeMutableRawPointer {
        var pointer: UnsafeMutableRawPointer?
        guard bytes >= 0, posix_memalign(&pointer, max(16, alignment), max(1, bytes)) == 0, let pointer else {
            exhausted(bytes, inUse: inUse)
        }
        return pointer
    }

    /// Uninitialised memory for numbers; a product that is beyond any memory is an exhausted memory as well.
    public static func take<Element: BitwiseCopyable>(
        _ type: Element.Type, _ counts: Int...
    ) -> UnsafeMutablePointer<Element> {
        var count = 1
        for factor in counts {
            let (product, overflow) = count.multipliedReportingOverflow(by: factor)
            if overflow || product > .max / 16 { exhausted(.max, inUse: 0) }
            count = product
        }
        return take(count * MemoryLayout<Element>.stride).bindMemory(to: type, capacity: max(1, count))
    }

    /// Gives back what `take` gave.
    public static func release(_ pointer: UnsafeMutableRawPointer) { free(pointer) }

    /// Pages of zeros, at an address if nothing is there and the system likes it.
    static func map(_ bytes: Int, at address: UInt, inUse: Int) -> UInt {
        #if canImport(Darwin)
            let flags = MAP_PRIVATE | MAP_ANON
        #else
            let flags = MAP_PRIVATE | MAP_ANONYMOUS
        #endif
        let place = mmap(UnsafeMutableRawPointer(bitPattern: address), bytes, PROT_READ | PROT_WRITE, flags, -1, 0)
        let start = UInt(bitPattern: place)
        if place == nil || start == .max { exhausted(bytes, inUse: inUse) }
        return start
    }

    /// Gives back what `map` gave.
    static func unmap(_ start: UInt, _ bytes: Int) { munmap(UnsafeMutableRawPointer(bitPattern: start), bytes) }

    private static func exhausted(_ bytes: Int, inUse: Int) -> Never {
        let amount = bytes == .max ? "more than any memory holds" : megabytes(bytes)
        let held = inUse > 0 ? " beside the \(megabytes(inUse)) that are in use" : ""
        let text =
            "error: there is not enough memory: \(amount) were asked for\(held); try a smaller training.batchSize, "
            + "training.evaluationBatchSize, data.imageSize or model, or training.accumulation\n"
        var bytes = Array(text.utf8)
        _ = write(2, &bytes, bytes.count)
        _exit(1)
    }

    private static func megabytes(_ bytes: Int) -> String { "\(bytes / 1_000_000 + 1) MB" }
}
