import CKernels

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// The processors that a process may use, which in containers and on clusters are fewer than the machine has. Threads
/// beyond them only wait for one another.
package struct ProcessorAllowance: Equatable, Sendable {
    /// The processors of the affinity mask (`taskset`, cpusets).
    package var affinity: Int
    /// The time that control groups grant, in processors; nil where it is not limited.
    package var quota: Double?

    package init(affinity: Int, quota: Double?) {
        self.affinity = affinity
        self.quota = quota
    }

    /// How many threads can be at work: the smaller of the two. Part of a processor counts as a whole one, because a
    /// thread that is held up now and then does more than none.
    package var count: Int {
        guard let quota else { return max(1, affinity) }
        return max(1, min(affinity, quota >= Double(affinity) ? affinity : Int(quota.rounded(.up))))
    }

    /// That of this process, as it is now.
    package static var current: ProcessorAllowance {
        ProcessorAllowance(affinity: processorsInMask, quota: quota { text(ofFile: $0) })
    }

    /// The smallest quota of the control groups that the process belongs to.
    /// - Parameter read: gives the text of a file, nil where there is none.
    package static func quota(read: (String) -> String?) -> Double? {
        guard let groups = read("/proc/self/cgroup") else { return nil }
        var smallest: Double?
        func take(_ quota: Double?) {
            guard let quota else { return }
            smallest = min(smallest ?? quota, quota)
        }
        for line in groups.split(separator: "\n") {
            // Number of the hierarchy, its controllers, the path of the group.
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3 else { continue }
            let controllers = fields[1].split(separator: ",")
            let isUnified = fields[0] == "0" && controllers.isEmpty
            guard isUnified || controllers.contains("cpu") else { continue }
            let mounts =
                isUnified
                ? ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"]
                : ["/sys/fs/cgroup/\(fields[1])", "/sys/fs/cgroup/cpu"]
            // Each group above limits what is in it. Where the path is one of another namespace, only the top is there.
            for group in pathsToTheTop(fields[2]) {
                for mount in mounts {
                    if isUnified {
                        take(read("\(mount)\(group)/cpu.max").flatMap { quota(unified: $0) })
                    } else if let quota = read("\(mount)\(group)/cpu.cfs_quota_us"),
                        let period = read("\(mount)\(group)/cpu.cfs_period_us")
                    {
                        take(self.quota(microseconds: quota, ofEach: period))
                    }
                }
            }
        }
        return smallest
    }

    /// What `cpu.max` of version 2 says: the quota, or `max`, and the period, in microseconds.
    package static func quota(unified text: String) -> Double? {
        let fields = text.split(whereSeparator: \.isWhitespace)
        guard let quota = fields.first, fields.count <= 2 else { return nil }
        return self.quota(microseconds: String(quota), ofEach: fields.count == 2 ? String(fields[1]) : "100000")
    }

    /// What `cpu.cfs_quota_us`, which is -1 for no limit, and `cpu.cfs_period_us` of version 1 say.
    package static func quota(microseconds quota: String, ofEach period: String) -> Double? {
        func number(_ text: String) -> Double? {
            text.split(whereSeparator: \.isWhitespace).first.flatMap { Int($0) }.map { Double($0) }
        }
        guard let quota = number(quota), let period = number(period), quota > 0, period > 0 else { return nil }
        return quota / period
    }

    /// `/a/b`, `/a` and the empty path for `/a/b`.
    private static func pathsToTheTop(_ path: Substring) -> [String] {
        var parts = path.split(separator: "/")
        var paths: [String] = []
        while !parts.isEmpty {
            paths.append("/" + parts.joined(separator: "/"))
            parts.removeLast()
        }
        return paths + [""]
    }

    /// The numbers of the processors of this process's affinity mask; empty where the system does not tell.
    package static var processors: [Int] {
        var numbers = [Int32](repeating: 0, count: 1 << 16)
        let count = numbers.withUnsafeMutableBufferPointer { hb_processors_in_mask($0.baseAddress, Int32($0.count)) }
        return numbers.prefix(Int(count)).map { Int($0) }
    }

    private static var processorsInMask: Int {
        let count = Int(hb_processors_in_mask(nil, 0))
        return count > 0 ? count : max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
    }

    /// The start of a small file of the system; these give no size beforehand.
    private static func text(ofFile path: String) -> String? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 1 << 14)
        var filled = 0
        while filled < bytes.count {
            let count = bytes[filled...].withUnsafeMutableBytes { read(file, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            filled += count
        }
        return String(decoding: bytes[..<filled], as: UTF8.self)
    }
}
