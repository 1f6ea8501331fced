import Foundation
import Testing

extension Program {
    @Suite struct AverageTests {
        private let place: Workplace

        init() throws {
            place = try Workplace()
            try place.write("small.yaml", smallConfiguration)
        }

        private func train(_ name: String, _ settings: String) throws {
            let outcome = try place.run(
                "train small.yaml --output \(name) --set reporting.htmlReport=false " + settings)
            #expect(outcome.code == 0, "\(outcome.errors)")
        }

        @Test func theMeanOfTwoRunsIsMeasuredAndCanBeAsked() throws {
            try train("a", "")
            try train("b", "--set model.weights=a --set training.epochs=1 --set run.seed=1")
            let table = try place.run("average a b --output soup.safetensors")
            #expect(table.code == 0, "\(table.errors)")
            #expect(
                table.output.contains("mean of 2: validation accuracy")
                    && table.output.contains("written to soup.safetensors"))
            // HorNet has no batch norm whose statistics would have to be gathered.
            #expect(!table.errors.contains("statistics"))
            #expect(table.errors.contains("another run.seed"))
            let answer = try place.run("evaluate soup.safetensors --data a --part validation --json")
            #expect(answer.code == 0, "\(answer.errors)")
            let json = try place.run("average a b --output soup.safetensors --overwrite --json")
            #expect(
                try object(json.output)["value"] as? Double == object(answer.output)["accuracy"] as? Double)
        }

        @Test func aGreedySoupIsNoWorseThanItsBestIngredient() throws {
            try train("a", "")
            // Other random numbers end in another place, and the mean with them is beyond use.
            try train("b", "--set run.seed=7")
            let soup = try object(try place.run("average a b a --greedy --output s.safetensors --json").output)
            let weights = try #require(soup["weights"] as? [[String: Any]])
            let values = weights.compactMap { $0["value"] as? Double }
            #expect(values.count == 3 && values == values.sorted(by: >))
            let value = try #require(soup["value"] as? Double)
            #expect(value >= values[0])
            #expect(weights[0]["taken"] as? Bool == true && weights[0]["together"] is NSNull)
            for entry in weights.dropFirst() {
                let together = try #require(entry["together"] as? Double)
                if entry["taken"] as? Bool == false { #expect(together <= value) }
            }
        }

        @Test func whatCannotBeAveragedIsRefused() throws {
            try train("a", "--set training.epochs=1")
            try train("c", "--set training.epochs=1 --set model.baseWidth=16")
            try place.fail("average a c --output s.safetensors", "holds another model than the first weights")
            #expect(!place.exists("s.safetensors"))
            try place.fail("average a --output s.safetensors", "expected at least two")
            try place.fail("average a missing --output s.safetensors", "missing")
            try place.fail("average gone/x.safetensors --output s.safetensors", "gone/x.safetensors: cannot read")
            try place.write("s.safetensors", "x")
            try place.fail("average a a --output s.safetensors", "is there already")
            let copy = FileManager.default.contents(atPath: place.path + "/a/weights/best.safetensors")
            try #require(copy).write(to: URL(fileURLWithPath: place.path + "/w.safetensors"))
            try place.fail("average w.safetensors w.safetensors --output t.safetensors", "expected --data <config>")
        }

        @Test func batchNormsGatherTheirStatisticsAnew() throws {
            for seed in ["0", "1"] {
                let name = seed == "0" ? "a" : "b"
                try train(name, "--set model.name=resnet20 --set training.epochs=1 --set run.seed=\(seed)")
            }
            let fresh = try place.run("average a a --output fresh.safetensors")
            #expect(fresh.code == 0 && fresh.errors.contains("gathered over 1294 training images"), "\(fresh.errors)")
            #expect(try place.run("average a a --output kept.safetensors --keep-statistics").code == 0)
            func bytes(_ name: String) -> Data? { FileManager.default.contents(atPath: place.path + "/" + name) }
            #expect(bytes("fresh.safetensors") != bytes("kept.safetensors"))
            // The mean of equal weights is these weights, and gathering twice gives the same.
            #expect(try place.run("average a a --output again.safetensors").code == 0)
            #expect(bytes("fresh.safetensors") == bytes("again.safetensors"))
            // An average of one file: its statistics alone.
            #expect(try place.run("average a/weights/best.safetensors --output one.safetensors").code == 0)
            #expect(bytes("one.safetensors") == bytes("fresh.safetensors"))
        }
    }
}
