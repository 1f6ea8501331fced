import Foundation
import JSON
import Reporting
import Tensors

/// The machine a run was made on, without anything that names it or its user.
enum Machine {
    static var json: JSONValue {
        let information = ProcessInfo.processInfo
        return [
            "processor": .string(processor ?? "unknown"), "cores": .integer(information.activeProcessorCount),
            "threads": .integer(ThreadPool.shared.threads),
            "memoryGB": .number((Double(information.physicalMemory) / 1e8).rounded() / 10),
            "system": .string(information.operatingSystemVersionString), "architecture": .string(architecture),
        ]
    }

    static var architecture: String {
        #if arch(x86_64)
            "x86-64"
        #elseif arch(arm64)
            "ARM64"
        #else
            "unknown"
        #endif
    }

    static var processor: String? {
        #if os(macOS)
            var size = 0
            guard sysctlbyname("machdep.cpu.brand_string", nil, &size, nil, 0) == 0, size > 0 else { return nil }
            var name = [UInt8](repeating: 0, count: size)
            guard sysctlbyname("machdep.cpu.brand_string", &name, &size, nil, 0) == 0 else { return nil }
            return String(decoding: name.prefix { $0 != 0 }, as: UTF8.self)
        #else
            guard let text = try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8) else { return nil }
            let line = text.split(separator: "\n").first { $0.hasPrefix("model name") }
            return line?.split(separator: ":", maxSplits: 1).last.map {
                $0.trimmingCharacters(in: .whitespaces)
            }
        #endif
    }
}
