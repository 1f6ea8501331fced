import Foundation
import Reporting
import Tensors

/// What decides how fast this machine trains.
package struct MachineFacts: Sendable {
    package var processor = "unknown"
    package var processors = 1
    /// Processors' worth of time that a control group grants; nil without a limit.
    package var quota: Double?
    package var instructionSet = ""
    package var usesBaseline = false
    package var oneDNNInstructionSet = ""
    /// The environment variables that limit the libraries and are set.
    package var limits: [String] = []
    package var isOptimized = true
    /// The clock's policy, such as `performance`; nil where the system does not tell.
    package var governor: String?
    /// Processes that want a processor, over the last minute.
    package var load: Double?
    /// Bytes.
    package var memory = 0
    package var availableMemory: Int?
    package var usedSwap = 0
    /// Floating-point operations a second of one thread and of all, measured.
    package var singleRate = 0.0
    package var fullRate = 0.0
    package var hasBFloat16 = false

    package init() {}

    /// Of the machine that the program runs on. Measuring takes about half a second.
    package static func current() -> MachineFacts {
        var facts = MachineFacts()
        facts.processor = Machine.processor ?? "unknown"
        facts.processors = ThreadPool.processorCount
        facts.quota = quota
        facts.instructionSet = Build.instructionSet
        facts.usesBaseline = Build.usesBaseline
        facts.oneDNNInstructionSet = Build.oneDNNInstructionSet
        let environment = ProcessInfo.processInfo.environment
        facts.limits = ["ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA"].compactMap { name in
            environment[name].map { "\(name)=\($0)" }
        }
        facts.isOptimized = isOptimized
        facts.governor = text("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
        facts.load = text("/proc/loadavg").flatMap { $0.split(separator: " ").first.flatMap { Double($0) } }
        facts.memory = Int(ProcessInfo.processInfo.physicalMemory)
        let memory = meminfo
        facts.availableMemory = memory["MemAvailable"]
        facts.usedSwap = (memory["SwapTotal"] ?? 0) - (memory["SwapFree"] ?? 0)
        facts.hasBFloat16 = ProductPrecision.hasBFloat16
        let threads = ThreadPool.shared.threads
        ThreadPool.shared.threads = 1
        facts.singleRate = measuredPeakRate(clock: MonotonicClock.seconds)
        ThreadPool.shared.threads = facts.processors
        facts.fullRate = measuredPeakRate(clock: MonotonicClock.seconds)
        ThreadPool.shared.threads = threads
        return facts
    }

    private static var isOptimized: Bool {
        #if DEBUG
            false
        #else
            Build.isOptimized
        #endif
    }

    /// The limit of control groups, version 2 or 1.
    private static var quota: Double? {
        func share(_ quota: Substring?, _ period: Substring?) -> Double? {
            guard let quota = quota.flatMap({ Double($0) }), let period = period.flatMap({ Double($0) }), quota > 0,
                period > 0
            else { return nil }
            return quota / period
        }
        if let words = text("/sys/fs/cgroup/cpu.max")?.split(separator: " "), words.count == 2 {
            return share(words[0], words[1])
        }
        let folder = "/sys/fs/cgroup/cpu/cpu.cfs_"
        guard let quota = text(folder + "quota_us"), let period = text(folder + "period_us") else { return nil }
        return share(Substring(quota), Substring(period))
    }

    private static var meminfo: [String: Int] {
        var values: [String: Int] = [:]
        for line in (text("/proc/meminfo") ?? "").split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count >= 2, let kilobytes = Int(words[1]) { values[String(words[0].dropLast())] = kilobytes << 10 }
        }
        return values
    }

    private static func text(_ path: String) -> String? {
        (try? String(contentsOfFile: path, encoding: .utf8))?.trimmingCharacters(in: .whitespacesAndNewlines)
    }
}

extension MachineFacts {
    /// What slows training here and can be changed, one sentence each.
    package var warnings: [String] {
        var found: [String] = []
        func number(_ value: Double) -> String { String((value * 10).rounded() / 10) }
        if !isOptimized {
            found.append(
                "The program was built without optimisation and is many times slower, build it with -c release."
            )
        }
        if usesBaseline {
            found.append(
                "The kernels run with SSE2 alone, a processor with AVX2 or AVX-512 trains several times faster.")
        }
        for limit in limits { found.append("\(limit) limits the instructions that oneDNN may use, unset it.") }
        if let quota, quota < Double(processors) - 0.05 {
            found.append(
                "A control group grants \(number(quota)) of the \(processors) processors, so set training.threads to "
                    + "\(max(1, Int(quota.rounded(.down)))) or lift the limit.")
        }
        if let governor, governor == "powersave" || governor == "conservative" {
            found.append(
                "The clock's policy is \(governor), performance is faster (cpupower frequency-set -g performance).")
        }
        if let load, load > 0.3 * Double(processors), load > 0.5 {
            found.append(
                "Other programs want \(number(load)) of the \(processors) processors, training gets what they leave.")
        }
        // Twelve independent chains a thread keep a core busy, so hyperthreads add next to nothing and show here, too.
        if singleRate > 0, processors > 1, fullRate < 0.7 * Double(processors) * singleRate {
            found.append(
                "All \(processors) threads together reach \(number(fullRate / singleRate)) times the rate of one, so "
                    + "processors are shared: by hyperthreads, other programs or other machines on the same host.")
        }
        if let availableMemory, availableMemory < 1 << 30 {
            found.append(
                "Only \(availableMemory >> 20) MB of memory are free, close programs or lower data.cacheMegabytes.")
        }
        if usedSwap > memory / 10, memory > 0 {
            found.append("\(usedSwap >> 20) MB are swapped out, what training touches there is read back slowly.")
        }
        return found
    }
}
