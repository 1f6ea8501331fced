import Foundation
import Testing

extension Program {
    @Suite struct SweepSearchTests {
        private let place: Workplace

        init() throws {
            place = try Workplace()
            try place.write("small.yaml", smallConfiguration)
        }

        @Test func aFileSaysHowItIsSearched() throws {
            try place.write(
                "search.yaml",
                smallConfiguration + """

                    sweep:
                      vary:
                        - optimizer.kind=adamw,sgd
                        - optimizer.learningRate=1e-3..1e-2:log if optimizer.kind=adamw
                        - optimizer.learningRate=1e-2..1e-1:log if optimizer.kind=sgd
                        - optimizer.nesterov=true,false if optimizer.kind=sgd
                      random: 6
                      seed: 4
                      halving: true
                      rungs: [1]
                    """)
            let first = try place.run("sweep search.yaml --output s")
            #expect(first.code == 0, "\(first.errors)")
            #expect(first.output.contains("rung 1/1: 6 runs to epoch 1"))
            #expect(first.output.contains("after epoch 1 2 of 6 configurations go on"))
            #expect(first.output.contains("share of the spread of validation after epoch 1: "))
            let saved = try place.json("s/sweep.json")
            let runs = try #require(saved["runs"] as? [[String: Any]])
            #expect(runs.count == 6 && runs.count { $0["stoppedAfter"] as? Int == 1 } == 4)
            for run in runs {
                let values = try #require(run["values"] as? [String: String])
                #expect((values["optimizer.kind"] == "sgd") == (values["optimizer.nesterov"] != ""))
            }
            let page = try place.text("s/sweep.html")
            #expect(page.contains("<section id=\"rungs\">") && page.contains("<section id=\"importance\">"))
            #expect(page.contains("4 runs were stopped before the end"))
            // Again nothing is trained, and a longer command line counts more than the file.
            let again = try place.run("sweep search.yaml --output s")
            #expect(!again.output.contains("epoch 1/2") && again.output.contains("at epoch 1 already"))
            let more = try place.run("sweep search.yaml --output s --keep 2 --json")
            #expect((try object(more.output)["rungs"] as? [[String: Any]])?.first?["survivors"] as? [Int] != nil)
            #expect(more.errors.contains("after epoch 1 3 of 6 configurations go on"))
        }

        @Test func aBudgetEndsACallWithWhatToDoNext() throws {
            let line = "sweep small.yaml --vary run.seed=0,1,2 --output t --set reporting.htmlReport=false"
            let stopped = try place.run(line + " --minutes 0.0001")
            #expect(stopped.code == 0, "\(stopped.errors)")
            #expect(
                stopped.errors.contains(
                    "the time of --minutes is over: 0 of 3 runs are finished; the same command goes on"))
            #expect(try place.run(line).code == 0)
        }

        @Test(arguments: [
            ("--vary run.seed=1,2 --rungs 1", "--rungs goes with --halving"),
            ("--vary run.seed=1,2 --keep 3", "--keep goes with --halving"),
            ("--vary run.seed=1,2 --halving", "there is one, expected --vary with more values"),
            ("--vary loss.mixup=0,0.1 --halving --rungs 2", "expected epochs from 1 to 1"),
            ("--vary loss.mixup=0,0.1 --halving --rungs a", "--rungs is a, expected epochs such as 5,15"),
            ("--vary loss.mixup=0,0.1 --halving --keep 1", "--keep is 1, expected at least 2"),
            ("--vary loss.mixup=0,0.1 --minutes 0", "--minutes is 0.0, expected more than 0"),
            ("--random 2 --vary loss.mixup=0.5..0.1", "expected the lower end first, 0.1..0.5"),
        ])
        func mistakesAreToldBeforeAnythingIsTrained(line: String, sentence: String) throws {
            try place.fail("sweep small.yaml " + line, sentence)
            #expect(!place.exists("Runs"))
        }
    }
}
