import ArgumentParser
import Checkpoints
import Foundation
import Reporting
import Tensors
import Training

struct ReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report", abstract: "Rebuilds the report of a run, or compares several runs on one page.",
        discussion: """
            Everything comes from the run folders; data and weights are not opened. One run gives RUN/report.html, \
            several give comparison.html in the working folder unless --output says otherwise.

            EXAMPLES:
              trainer report Runs/digits
              trainer report Runs/digits --tensorboard
              trainer report Runs/digits Runs/digits-gf --output both.html
              trainer report Runs/digits Runs/digits-gf --json
            """)

    @Argument(help: ArgumentHelp("Run folders.", valueName: "run"), completion: .directory)
    var runs: [String]

    @Option(help: ArgumentHelp("The page to write.", valueName: "file"), completion: .file(extensions: ["html"]))
    var output: String?

    @Flag(help: "Also write RUN/tensorboard, event files that TensorBoard reads.")
    var tensorboard = false

    @Flag(help: "Print the results and the differences of the configurations as JSON; write no page.")
    var json = false

    func run() throws {
        let console = Console()
        let records = try runs.map {
            try RunRecord(folder: $0.count > 1 && $0.hasSuffix("/") ? String($0.dropLast()) : $0)
        }
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
        let path = output ?? (records.count == 1 ? records[0].path + "/report.html" : "comparison.html")
        try AtomicFile.write(path, records.count == 1 ? RunPage.html(records[0]) : ComparisonPage.html(records))
        console.line("written to \(path)")
    }
}
