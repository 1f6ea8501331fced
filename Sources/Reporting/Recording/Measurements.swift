#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// Time for measuring durations.
package enum MonotonicClock {
    /// Seconds of a clock that never goes back; only differences mean something.
    package static func seconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
}

/// What this process has used so far.
package enum Memory {
    /// The largest amount of memory that was resident at once, in megabytes (10^6 bytes).
    package static func peakMegabytes() -> Double {
        #if os(Linux)
            if let kibibytes = residentHighWaterMark() { return kibibytes * 1024 / 1e6 }
        #endif
        var usage = rusage()
        getrusage(0, &usage)  // RUSAGE_SELF, which has another type on each system.
        #if canImport(Darwin)
            return Double(usage.ru_maxrss) / 1e6
        #else
            return Double(usage.ru_maxrss) * 1024 / 1e6  // counted in kibibytes
        #endif
    }

    /// Lets the peak begin again at what is resident now, where the system can do that.
    package static func forgetPeak() {
        #if os(Linux)
            guard let file = fopen("/proc/self/clear_refs", "w") else { return }
            defer { fclose(file) }
            fputs("5", file)
        #endif
    }

    #if os(Linux)
        /// Of this program alone: what getrusage says begins with the memory of the process that started it.
        private static func residentHighWaterMark() -> Double? {
            guard let file = fopen("/proc/self/status", "r") else { return nil }
            defer { fclose(file) }
            var line = [CChar](repeating: 0, count: 256)
            while fgets(&line, Int32(line.count), file) != nil {
                let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
                guard text.hasPrefix("VmHWM:") else { continue }
                return text.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Double($0) }
            }
            return nil
        }
    #endif
}

func exponential(_ x: Double) -> Double { exp(x) }
