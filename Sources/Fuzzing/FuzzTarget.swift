// Fuzzing: damaged files for every reader of the package; no program that trains needs this.

import Foundation

/// A reader of files that come from elsewhere, and whole files to damage.
package struct FuzzTarget {
    package let name: String
    package let mutator: Mutator
    /// Reads an input; an error is what a damaged one should give.
    package let read: ([UInt8]) throws -> Void

    /// Reads damaged inputs, in order.
    /// - Parameters:
    ///   - before: called with each input's number before it is read, so that a crash can name it.
    ///   - slow: called with the number and the processor seconds of an input that took more than `patience`.
    /// - Returns: how many were refused.
    package func run(
        _ numbers: Range<Int>, patience: Double = 10, before: (Int) -> Void = { _ in }, slow: (Int, Double) -> Void
    ) -> Int {
        var refused = 0
        for number in numbers {
            before(number)
            let input = mutator.input(number)
            let begin = processorSeconds()
            do { try read(input) } catch { refused += 1 }
            let seconds = processorSeconds() - begin
            if seconds > patience { slow(number, seconds) }
        }
        return refused
    }

    private static var makers: [(name: String, make: (String) throws -> FuzzTarget)] {
        [
            ("safetensors", safetensors), ("weights", weights), ("manifest", manifest), ("state", state),
            ("yaml", configuration), ("json", { _ in json }), ("metrics", metrics), ("report", report), ("idx", idx),
            ("cifar", cifar), ("jpeg", { _ in jpeg }), ("png", { _ in try png() }), ("webp", { _ in webp }),
            ("gif", { _ in gif }), ("bmp", { _ in bmp }), ("tiff", { _ in tiff }), ("list", labels),
            ("mask", mask), ("classes", classes), ("coco", coco), ("yolo", yolo), ("voc", voc), ("runs", { _ in runs }),
            ("csv", csv), ("tar", tar),
        ]
    }

    /// The names of all readers.
    package static var names: [String] { makers.map(\.name) }

    /// The reader of that name, its files in a folder that must exist; nil where there is none.
    package static func named(_ name: String, folder: String) throws -> FuzzTarget? {
        try makers.first { $0.name == name }?.make(folder)
    }

    // MARK: Files

    static func write(_ bytes: [UInt8], _ path: String) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: path))
    }

    static func read(_ path: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    }

    static func makeFolder(_ path: String) throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }
}

/// An input that is not of the form that a target works with.
struct UnusableInput: Error {}

/// Of this process, so that other programs on the machine make no input look slow.
private func processorSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}
