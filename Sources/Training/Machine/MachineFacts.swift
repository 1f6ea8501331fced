// Machine: what the machine has and how much of it a run takes.

import Foundation
import Reporting
import Tensors

/// What decides how fast this machine trains.
package struct MachineFacts: Sendable {
    /// What the kernels and the libraries may use.
    package struct Instructions: Sendable {
        package var kernels = ""
        /// Whether the kernels use what every processor has, and no more.
        package var areBaseline = false
        package var oneDNN = ""
        package var hasBFloat16 = false
        /// The environment variables that limit the libraries and are set.
        package var limits: [String] = []
    }

    /// Bytes.
    package struct MainMemory: Sendable {
        package var total = 0
        package var available: Int?
        package var usedSwap = 0
    }

    /// Floating-point operations a second, measured.
    package struct Peak: Sendable {
        package var oneThread = 0.0
        package var allThreads = 0.0
        /// Of products in bfloat16 with all threads; 0 where there are none.
        package var bfloat16 = 0.0
    }

    package var processor = "unknown"
    package var processors = 1
    /// Processors' worth of time that a control group grants; nil without a limit.
    package var quota: Double?
    package var instructions = Instructions()
    package var isOptimized = true
    /// The clock's policy, such as `performance`; nil where the system does not tell.
    package var governor: String?
    /// Processes that want a processor, over the last minute.
    package var load: Double?
    package var memory = MainMemory()
    package var peak = Peak()

    package init() {}

    /// Of the machine that the program runs on. Measuring takes about half a second.
    package static func current() -> MachineFacts {
        var facts = MachineFacts()
        facts.processor = Machine.processor ?? "unknown"
        facts.processors = ThreadPool.processorCount
        facts.quota = ProcessorAllowance.current.quota
        facts.instructions.kernels = Build.instructionSet
        facts.instructions.areBaseline = Build.usesBaseline
        facts.instructions.oneDNN = Build.oneDNNInstructionSet
        let environment = ProcessInfo.processInfo.environment
        facts.instructions.limits = ["ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA"].compactMap { name in
            environment[name].map { "\(name)=\($0)" }
        }
        facts.isOptimized = isOptimized
        facts.governor = text("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
        facts.load = text("/proc/loadavg").flatMap { $0.split(separator: " ").first.flatMap { Double($0) } }
        facts.memory.total = Int(ProcessInfo.processInfo.physicalMemory)
        let meminfo = Self.meminfo
        facts.memory.available = meminfo["MemAvailable"]
        facts.memory.usedSwap = (meminfo["SwapTotal"] ?? 0) - (meminfo["SwapFree"] ?? 0)
        facts.instructions.hasBFloat16 = ProductPrecision.hasBFloat16
        let threads = ThreadPool.shared.threads
        ThreadPool.shared.threads = 1
        facts.peak.oneThread = measuredPeakRate(clock: MonotonicClock.seconds)
        ThreadPool.shared.threads = facts.processors
        facts.peak.allThreads = measuredPeakRate(clock: MonotonicClock.seconds)
        facts.peak.bfloat16 = measuredPeakRate(of: .bfloat16, clock: MonotonicClock.seconds)
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
        if instructions.areBaseline {
            found.append(
                "The kernels run with SSE2 alone, a processor with AVX2 or AVX-512 trains several times faster.")
        }
        for limit in instructions.limits {
            found.append("\(limit) limits the instructions that oneDNN may use, unset it.")
        }
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
        if peak.oneThread > 0, processors > 1, peak.allThreads < 0.7 * Double(processors) * peak.oneThread {
            found.append(
                "All \(processors) threads together reach \(number(peak.allThreads / peak.oneThread)) times the rate of one, so "
                    + "processors are shared: by hyperthreads, other programs or other machines on the same host.")
        }
        if let available = memory.available, available < 1 << 30 {
            found.append(
                "Only \(available >> 20) MB of memory are free, close programs or lower data.cacheMegabytes.")
        }
        if memory.usedSwap > memory.total / 10, memory.total > 0 {
            found.append(
                "\(memory.usedSwap >> 20) MB are swapped out, what training touches there is read back slowly.")
        }
        return found
    }
}
