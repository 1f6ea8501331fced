import ArgumentParser
import Configuration
import Distributed
import Foundation
import Models
import Reporting
import Tasks
import Tensors
import Training

/// Reads a configuration, or that of a run folder, and tells what was decided on the way.
/// - Parameter data: whether the data will be opened, so that it must be there.
func openRecipe(_ path: String, _ overrides: [String], _ console: Console, data: Bool = false) throws -> Recipe {
    let opened = try OpenedRecipe(path, overrides: overrides)
    if data { try opened.checkData() }
    for notice in opened.notices { console.notice(notice) }
    return opened.recipe
}

/// The file's name without folders and ending; of a folder the whole name.
func stem(_ path: String) -> String {
    let name = path.split(separator: "/").last.map(String.init) ?? path
    guard !RunFolder.isFolder(path), let dot = name.lastIndex(of: "."), dot != name.startIndex else { return name }
    return String(name[..<dot])
}

/// Where results go in commands that can print JSON on the standard output: progress is then for the error output.
func progressConsole(json: Bool, interval: Double = 10) -> Console {
    guard ProcessGroup.current.isRoot else { return .silent }
    return Console(output: .stream(json ? 2 : 1), interval: interval)
}

/// Refuses a number out of its range.
func check(_ option: String, _ value: Int?, in range: ClosedRange<Int>) throws {
    guard let value, !range.contains(value) else { return }
    let bound = value < range.lowerBound ? "at least \(range.lowerBound)" : "at most \(range.upperBound)"
    throw ValidationError("\(option) is \(value), expected \(bound)")
}

/// The option --threads of commands that measure.
enum ThreadsOption {
    /// That of training.threads.
    private static let range = 0...1024

    static func check(_ threads: Int?) throws {
        guard let threads, !range.contains(threads) else { return }
        throw ValidationError(
            "--threads is \(threads), expected 0 (all processors) to \(range.upperBound)")
    }

    /// Sets the threads of the kernels where there is no configuration.
    static func use(_ threads: Int?, _ console: Console) {
        warn(threads ?? 0, "--threads ", console)
        if let threads, threads > 0 { ThreadPool.shared.threads = threads }
    }

    /// Sets the threads of the kernels.
    static func use(_ threads: Int?, _ recipe: Recipe, _ console: Console) {
        warn(threads ?? recipe.training.threads, threads == nil ? "training.threads=" : "--threads ", console)
        if let notice = ThreadPool.use(recipe.training, threads: threads) { console.notice(notice) }
    }

    /// - Parameter option: what a number follows.
    private static func warn(_ wanted: Int, _ option: String, _ console: Console) {
        let processors = ThreadPool.processorCount
        if wanted > processors {
            console.warning(
                "\(wanted) threads share \(processors == 1 ? "one processor" : "\(processors) processors") and wait for "
                    + "each other; \(option)0 takes as many as there are")
        }
    }
}

/// What to type after a run, as this program was called.
enum NextSteps {
    static func rows(_ run: String, report: Bool) -> [[String]] {
        let program = CommandLine.arguments.first ?? "trainer"
        func command(_ words: [String]) -> String { ([program] + words).map(ShellWord.quoted).joined(separator: " ") }
        return (report ? [["report", run + "/report.html"]] : []) + [
            ["next", command(["predict", run]) + " IMAGE..."], ["", command(["evaluate", run])],
            ["", command(["export", run, "--onnx", stem(run) + ".onnx"])],
        ]
    }
}

/// Refuses a folder where a configuration to train by is expected.
func checkIsConfiguration(_ path: String, command: String) throws {
    guard let run = RunFolder(path) else {
        _ = try OpenedRecipe.file(path)
        return
    }
    let arguments = [run.configuration, "--output", run.path, "--resume"].map(ShellWord.quoted).joined(separator: " ")
    throw ValidationError(
        "\(path) is a run folder; go on with it by `trainer \(command) \(arguments)`, or train by its configuration anew "
            + "with another --output")
}

/// Refuses what looks like a name and is no file: it was meant as a model's, and there is none of that name.
func checkIsNoModelName(_ source: String) throws {
    guard !source.contains("/"), !source.contains("."), !FileManager.default.fileExists(atPath: source) else { return }
    let names = ModelSpecification.variants.map(\.name)
    let meant =
        nearest(source, in: names).map { "did you mean \($0)?" } ?? "the models are \(names.joined(separator: ", "))"
    throw RecipeError("\(source): no model of that name and no such file, \(meant)")
}
