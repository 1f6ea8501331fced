// Reads damaged files with every reader, for developers: `Scripts/fuzz.sh [--count N] [--from N] [READER...]`.
// A crash names the input; --from NUMBER --count 1 repeats it.
import Foundation
import Fuzzing
import Reporting

nonisolated(unsafe) var current = 0

func fail(_ text: String) -> Never {
    FileHandle.standardError.write(Data("error: \(text)\n".utf8))
    exit(1)
}

var arguments = Array(CommandLine.arguments.dropFirst())

@MainActor func option(_ name: String, _ standard: Int) -> Int {
    guard let index = arguments.firstIndex(of: name) else { return standard }
    guard index + 1 < arguments.count, let value = Int(arguments[index + 1]), value >= 0 else {
        fail("\(name) needs a number")
    }
    arguments.removeSubrange(index...index + 1)
    return value
}

let count = option("--count", 100_000)
let first = option("--from", 0)
let megabytes = option("--megabytes", 512)
let folder = NSTemporaryDirectory() + "hornbeam-fuzz-\(getpid())"
try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
defer { try? FileManager.default.removeItem(atPath: folder) }
let names = FuzzTarget.names
if arguments.contains("--help") || arguments.contains("-h") {
    print(
        """
        Reads damaged files with every reader; expects an error or a value each time, never a crash.

        usage: fuzz [--count N] [--from N] [--megabytes N] [READER...]

          --count N      inputs for each reader (100000)
          --from N       number of the first input; with --count 1 it repeats one (0)
          --megabytes N  most memory the process may ever hold (512)

        readers: \(names.joined(separator: ", "))
        """)
    exit(0)
}
if let unknown = arguments.first(where: { !names.contains($0) }) {
    fail("found no reader \(unknown), expected \(names.joined(separator: ", "))")
}

// What ends the process tells which input it was; only calls that are allowed in a handler.
for number in [SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGALRM] {
    signal(number) { number in
        var digits: (UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8) = (
            0, 0, 0, 0, 0, 0, 0, 0, 0, 10
        )
        var value = current
        withUnsafeMutableBytes(of: &digits) { bytes in
            for i in (0..<9).reversed() {
                bytes[i] = UInt8(48 + value % 10)
                value /= 10
            }
            let text: StaticString = "\ncrashed or hung at input "
            _ = write(2, text.utf8Start, text.utf8CodeUnitCount)
            _ = write(2, bytes.baseAddress, 10)
        }
        _exit(2)
    }
}

var isClean = true
for name in names where arguments.isEmpty || arguments.contains(name) {
    guard let target = try FuzzTarget.named(name, folder: folder) else { continue }
    let begin = Date()
    let refused = target.run(
        first..<first + count,
        before: {
            current = $0
            alarm(60)
        },
        slow: { number, seconds in
            isClean = false
            print("\(target.name): input \(number) took \(seconds) s")
        })
    alarm(0)
    let peak = Memory.peakMegabytes()
    print(
        "\(target.name): \(count) inputs, \(refused) refused, \(Int(Date().timeIntervalSince(begin))) s, "
            + "peak \(Int(peak)) MB")
    fflush(nil)
    if peak > Double(megabytes) {
        isClean = false
        print("\(target.name): expected at most \(megabytes) MB")
        break
    }
}
exit(isClean ? 0 : 1)
