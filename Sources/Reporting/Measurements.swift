#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// Time for measuring durations.
public enum MonotonicClock {
    /// Seconds of a clock that never goes back; only differences mean something.
    public static func seconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
}

/// What this process has used so far.
public enum Memory {
    /// The largest amount of memory that was resident at once, in megabytes (10^6 bytes).
    public static func peakMegabytes() -> Double {
        var usage = rusage()
        getrusage(0, &usage)  // RUSAGE_SELF, which has another type on each system.
        #if canImport(Darwin)
            return Double(usage.ru_maxrss) / 1e6
        #else
            return Double(usage.ru_maxrss) * 1024 / 1e6  // counted in kibibytes
        #endif
    }
}

func exponential(_ x: Double) -> Double { exp(x) }
