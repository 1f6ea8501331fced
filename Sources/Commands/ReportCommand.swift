import ArgumentParser
import Checkpoints
import Foundation
import Reporting
import Tensors
import Training

struct ReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Rebuilds the report of a run or a sweep, or compares several runs on one page.",
        discussion: """
            Everything comes from the run folders; data and weights are not opened. One run gives RUN/report.html, \
            the folder of a sweep gives SWEEP/sweep.html, a folder of runs gives FOLDER/comparison.html, several runs \
            give comparison.html in the working folder, unless --output says otherwise. Runs are compared by \
            validation; runs that differ in run.seed alone count as one.

            EXAMPLES:
              trainer report Runs/digits
              trainer report Runs/digits --tensorboard
              trainer report Runs/digits --csv
              trainer report Runs/sweep-digits
              trainer report Runs
              trainer report Runs/digits Runs/digits-gf --output both.html
              trainer report Runs/digits Runs/digits-gf --json
            """)

    @Argument(help: ArgumentHelp("Run folders.", valueName: "run"), completion: .directory)
    var runs: [String]

    @Option(
        help: ArgumentHelp("The page or table to write.", valueName: "file"),
        completion: .file(extensions: ["html", "csv"]))
    var output: String?

    @Flag(help: "Also write RUN/tensorboard, event files that TensorBoard reads.")
    var tensorboard = false

    @Flag(
        help:
            "Write the epochs as comma-separated values instead of a page: RUN/metrics.csv, or metrics.csv for several runs."
    )
    var csv = false

    @Flag(help: "Print the results and the differences of the configurations as JSON; write no page.")
    var json = false

    func run() throws {
        let console = Console()
        if csv, json { throw ValidationError("--csv and --json are two ways to tell the same; leave one out") }
        let folders = runs.map { $0.count > 1 && $0.hasSuffix("/") ? String($0.dropLast()) : $0 }
        if folders.count == 1, !csv, SweepRecord.isOne(folders[0]) { return try report(sweep: folders[0], console) }
        // Of a sweep among several folders, and of a folder of runs, all runs are compared.
        let inner = folders.map { RunRecord.runs(in: $0) }
        let records = try zip(folders, inner).flatMap { folder, inner -> [String] in
            if SweepRecord.isOne(folder) { return try sweepRuns(folder) }
            return inner.isEmpty ? [folder] : inner
        }.map { try RunRecord(folder: $0) }
        for record in records {
            for problem in record.problems { console.warning("\(record.path): \(problem)") }
            if tensorboard {
                let path = try TensorBoardFolder.write(record)
                if !json { console.line("written to \(path)") }
            }
        }
        if json {
            console.text(RunComparison(records).json.text(pretty: true))
            return
        }
        if csv {
            let path = output ?? (records.count == 1 ? records[0].path + "/metrics.csv" : "metrics.csv")
            try AtomicFile.write(path, EpochTable.csv(records))
            console.line("written to \(path)")
            return
        }
        let isFolder = folders.count == 1 && !inner[0].isEmpty
        let path =
            output
            ?? (isFolder
                ? folders[0] + "/comparison.html"
                : records.count == 1 ? records[0].path + "/report.html" : "comparison.html")
        try AtomicFile.write(
            path, records.count == 1 && !isFolder ? RunPage.html(records[0]) : ComparisonPage.html(records))
        console.line("written to \(path)")
    }

    private func sweepRuns(_ folder: String) throws -> [String] {
        try SweepRecord(folder: folder).runs.filter { $0.summary != nil && !$0.folder.isEmpty }
            .map { folder + "/" + $0.folder }
    }

    private func report(sweep folder: String, _ console: Console) throws {
        if json {
            let records = try sweepRuns(folder).map { try RunRecord(folder: $0) }
            console.text(RunComparison(records).json.text(pretty: true))
            return
        }
        if tensorboard {
            for run in try sweepRuns(folder) {
                console.line("written to \(try TensorBoardFolder.write(try RunRecord(folder: run)))")
            }
        }
        let path = output ?? folder + "/sweep.html"
        try AtomicFile.write(path, SweepPage.html(try SweepRecord(folder: folder)))
        console.line("written to \(path)")
    }
}
