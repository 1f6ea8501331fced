import ArgumentParser
import Datasets
import Foundation
import JSON
import Reporting
import Tensors
import Training

struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Shows what this machine and this build train with, and what slows them.",
        discussion: """
            The peak is what multiply-adds of this program reach, measured now. The exit code is 0 with warnings, too.

            EXAMPLES:
              trainer doctor
              trainer doctor --json
              mpirun -n 4 trainer doctor --distributed
            """)

    @Flag(help: "Print JSON instead of a list.")
    var json = false

    @Flag(help: "Check the ranks that mpirun or srun started: their threads, that sums are exact, and their time.")
    var distributed = false

    func run() throws {
        if distributed {
            try DistributedDoctor(json: json).run()
            return
        }
        let facts = MachineFacts.current()
        let console = Console()
        if json {
            console.text(encode(facts).text(pretty: true))
            return
        }
        let rate = { (value: Double) in NumberText.fixed(value / 1e9, decimals: 0) + " GFLOP/s" }
        var rows = [
            ("program", "\(ProgramVersion.current)"),
            ("processor", facts.processor),
            (
                "processors",
                "\(facts.processors)"
                    + (facts.quota.map { ", of which a control group grants \(NumberText.fixed($0, decimals: 1))" }
                        ?? "")
            ),
            ("kernels", facts.instructions.kernels),
            ("oneDNN", "\(Build.oneDNNVersion), \(facts.instructions.oneDNN)"),
            (
                "bfloat16",
                !facts.instructions.hasBFloat16
                    ? "no (AVX512-BF16 is missing)"
                    : "\(rate(facts.peak.bfloat16)) with \(facts.processors) threads, "
                        + (facts.peak.bfloat16 < 0.9 * facts.peak.allThreads
                            ? "slower than single precision" : "training.precision: bf16")
            ),
            (
                "peak",
                "\(rate(facts.peak.oneThread)) with one thread, \(rate(facts.peak.allThreads)) with \(facts.processors)"
            ),
            (
                "memory",
                "\(facts.memory.total >> 20) MB" + (facts.memory.available.map { ", \($0 >> 20) MB free" } ?? "")
            ),
            ("FFTW", Build.fftwVersion),
        ]
        rows += ImageLibraries.versions.map { ($0.name, $0.version) }
        rows.append(("system", ProcessInfo.processInfo.operatingSystemVersionString))
        rows.append(("build", facts.isOptimized ? "optimised" : "not optimised"))
        let width = rows.map(\.0.count).max() ?? 0
        for (name, value) in rows {
            console.text(name + String(repeating: " ", count: width - name.count + 2) + TextWidth.singleLine(value))
        }
        for warning in facts.warnings { console.warning(warning) }
        if facts.warnings.isEmpty { console.line("nothing here slows training") }
    }

    private func encode(_ facts: MachineFacts) -> JSONValue {
        var libraries: JSONValue = ["oneDNN": .string(Build.oneDNNVersion), "FFTW": .string(Build.fftwVersion)]
        for (name, version) in ImageLibraries.versions { libraries[name] = .string(version) }
        return [
            "program": ProgramVersion.current.json, "processor": .string(facts.processor),
            "processors": .integer(facts.processors),
            "grantedProcessors": facts.quota.map { .number($0) } ?? .null,
            "instructionSet": .string(facts.instructions.kernels),
            "oneDNNInstructionSet": .string(facts.instructions.oneDNN),
            "bfloat16": .bool(facts.instructions.hasBFloat16),
            "peakFlopsOneThread": .number(facts.peak.oneThread), "peakFlops": .number(facts.peak.allThreads),
            "peakFlopsBFloat16": .number(facts.peak.bfloat16),
            "memoryBytes": .integer(facts.memory.total),
            "availableMemoryBytes": facts.memory.available.map { .integer($0) } ?? .null,
            "load": facts.load.map { .number($0) } ?? .null, "governor": facts.governor.map { .string($0) } ?? .null,
            "libraries": libraries, "system": .string(ProcessInfo.processInfo.operatingSystemVersionString),
            "optimized": .bool(facts.isOptimized), "warnings": .array(facts.warnings.map { .string($0) }),
        ]
    }
}
