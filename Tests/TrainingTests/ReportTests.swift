import Checkpoints
import Foundation
import JSON
import Reporting
import Tensors
import Testing
import Training

extension Runs {
    @Suite struct ReportTests {
        private func json(_ folder: String, _ name: String) throws -> JSONValue {
            try JSONValue(parsing: [UInt8](Data(contentsOf: URL(fileURLWithPath: folder + "/" + name))))
        }

        private func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

        private func eventFiles(_ folder: String) throws -> [String] {
            try FileManager.default.contentsOfDirectory(atPath: folder + "/tensorboard").map {
                folder + "/tensorboard/" + $0
            }
        }

        @Test func aRunLeavesWhatItsReportNeeds() throws {
            let folder = try TemporaryFolder()
            let run = folder.path + "/run"
            let summary = try train(run, ["training.epochs=2"])
            let result = try json(run, "report/result.json")
            let cells = try #require(result["confusion"]?.arrayValue).map { $0.arrayValue!.compactMap(\.integerValue) }
            #expect(cells.reduce(0) { $0 + $1[2] } == 360)
            let right = cells.filter { $0[0] == $0[1] }.reduce(0) { $0 + $1[2] }
            #expect(abs(Double(right) / 360 - (summary.test?.primary ?? 0)) < 1e-12)
            let mistakes = try #require(result["mistakes"]?.arrayValue)
            #expect(mistakes.count == min(24, 360 - right) && !mistakes.isEmpty)
            let confidences = mistakes.compactMap { $0["confidence"]?.doubleValue }
            #expect(confidences == confidences.sorted(by: >))
            for mistake in mistakes {
                #expect(mistake["actual"] != mistake["predicted"])
                #expect(mistake["confidence"]!.doubleValue! >= mistake["actualProbability"]!.doubleValue!)
                #expect(Data(base64Encoded: mistake["pixels"]!.stringValue!)?.count == 64)
            }
            let kinds = try #require(result["filters"]?.arrayValue).compactMap { $0["kind"]?.stringValue }
            #expect(kinds.contains("kernel") && kinds.contains("spectrum"))
            let samples = try #require(try json(run, "report/samples.json")["images"]?.arrayValue)
            #expect(samples.count == 10 && samples.allSatisfy { $0["variants"]?.arrayValue?.count == 5 })
            // Rotated and mixed images differ from what they came from.
            #expect(samples.contains { $0["variants"]?.arrayValue?.first != $0["original"] })
            let html = try text(run + "/report.html")
            #expect(html.contains("small.yaml") && html.contains("<section id=\"filters\">"))
            #expect(!FileManager.default.fileExists(atPath: run + "/tensorboard"))
        }

        @Test func everyEpochTellsOfItsGradients() throws {
            let folder = try TemporaryFolder()
            try train(folder.path + "/run")
            for line in try metrics(folder.path + "/run") {
                let (median, most) = (try #require(line["gradientNormMedian"]), try #require(line["gradientNormMax"]))
                #expect(0 < median && median < most && line["gradientNorm"]! < most)
            }
            let record = try RunRecord(folder: folder.path + "/run")
            #expect(record.histograms.count == 2)
            for line in record.histograms {
                let groups = try #require(line["groups"]?.arrayValue)
                let names: [String] = groups.compactMap { $0["name"]?.stringValue }
                #expect(names.contains("stages.0"))
                for group in groups {
                    let gradients = try #require(group["gradients"].flatMap { Histogram($0) })
                    #expect(gradients.rootMeanSquare > 0 && gradients.count > 0)
                }
            }
        }

        @Test func reportsChangeNoByteOfTheRun() throws {
            let folder = try TemporaryFolder()
            let (with, without) = (folder.path + "/with", folder.path + "/without")
            try train(with, ["reporting.tensorBoard=true"])
            try train(
                without, ["reporting.htmlReport=false", "reporting.tensorBoard=false", "reporting.histograms=false"])
            try expectSameRun(with, without)
            #expect(!FileManager.default.fileExists(atPath: without + "/report.html"))
            #expect(!FileManager.default.fileExists(atPath: without + "/report"))
            #expect(try eventFiles(with).count == 1)
        }

        @Test func aResumedRunHasEveryEpochOnceInItsReport() throws {
            let folder = try TemporaryFolder()
            let (whole, parts) = (folder.path + "/whole", folder.path + "/parts")
            let options = ["reporting.tensorBoard=true", "training.epochs=3", "training.saveEveryUpdates=7"]
            try train(whole, options)
            #expect(throws: Crash.self) { try train(parts, options, crashBefore: 47) }
            // An epoch that was written before the crash, but lies behind the state that is gone on from.
            let log = parts + "/report/histograms.jsonl"
            let lines = try text(log)
            let late = "{\"epoch\":3,\"update\":60,\"groups\":[]}\n{\"epoch\":3,\"upd"
            try (lines + late).write(toFile: log, atomically: true, encoding: .utf8)
            try train(parts, options, mode: .resume)
            try expectSameRun(whole, parts)
            #expect(try text(whole + "/report/histograms.jsonl") == text(log))
            let (a, b) = (try RunRecord(folder: whole), try RunRecord(folder: parts))
            #expect(b.run?["resumedSeconds"]?.arrayValue?.count == 1)
            // The event file that grew is the one that is made from the logs.
            for record in [a, b] {
                let files = try eventFiles(record.path)
                #expect(files.count == 1)
                let steps = try scalarSteps(files[0], "loss/train")
                #expect(steps == [20, 40, 60])
                try TensorBoardFolder.write(record)
                #expect(try scalarSteps(eventFiles(record.path)[0], "loss/train") == steps)
            }
        }

        /// The steps of the records that hold a tag, by the bytes of its name and of the field before the summary.
        private func scalarSteps(_ path: String, _ tag: String) throws -> [Int] {
            let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
            var steps: [Int] = []
            var at = 0
            while at < bytes.count {
                let length = bytes[at..<at + 8].reversed().reduce(0) { $0 << 8 | Int($1) }
                let message = Array(bytes[at + 12..<at + 12 + length])
                let end = Array(bytes[at + 12 + length..<at + 16 + length])
                #expect(withUnsafeBytes(of: CRC32C.masked(message).littleEndian) { Array($0) } == end)
                // Tag 1 and eight bytes of time, then tag 2 and the step in one byte, as it is below 128.
                // What compares runs by their keys names the tag, too.
                let isOfKeys = Data(message).range(of: Data("_hparams_".utf8)) != nil
                if !isOfKeys, Data(message).range(of: Data([UInt8(tag.utf8.count)] + Array(tag.utf8))) != nil {
                    #expect(message[9] == 0x10 && message[10] < 128)
                    steps.append(Int(message[10]))
                }
                at += 16 + length
            }
            return steps
        }

        @Test func overwritingRemovesTheOldReport() throws {
            let folder = try TemporaryFolder()
            let run = folder.path + "/run"
            try train(run, ["reporting.tensorBoard=true"])
            try "mine".write(toFile: run + "/report/notes.txt", atomically: true, encoding: .utf8)
            try train(run, ["reporting.htmlReport=false"], mode: .overwrite)
            #expect(!FileManager.default.fileExists(atPath: run + "/report.html"))
            #expect(!FileManager.default.fileExists(atPath: run + "/tensorboard"))
            #expect(try FileManager.default.contentsOfDirectory(atPath: run + "/report") == ["notes.txt"])
        }

        @Test func aReportThatCannotBeWrittenStopsNoRun() throws {
            let folder = try TemporaryFolder()
            let run = folder.path + "/run"
            _ = try RunDirectory(run, mode: .new)
            try "in the way".write(toFile: run + "/report", atomically: true, encoding: .utf8)
            let messages = Messages()
            let summary = try train(run, [], messages)
            #expect(summary.test?.primary ?? 0 > 0.2)
            #expect(messages.all.contains("warning: the report is incomplete: "))
            #expect(messages.all.matches(of: #/report is incomplete/#).count == 1)
        }

        @Test func theWholeFrequencyPlaneMirrorsTheStoredHalf() {
            // Rows 4, stored columns 3 of 4; the magnitude at (v, u) is 10 v + u + 1 in the stored half.
            let shape: Shape = [4, 3, 1, 2]
            var values: [Float] = []
            for v in 0..<4 { for u in 0..<3 { values += [Float(10 * v + u + 1), 0] } }
            let plane = FilterSamples.plane(values, shape, channel: 0)
            #expect(plane.count == 16)
            func at(_ v: Int, _ u: Int) -> Float { plane[(v + 2) * 4 + u + 2] }
            #expect(at(0, 0) == 1 && at(0, 1) == 2 && at(1, 0) == 11 && at(-1, 1) == 32)
            // A real filter has equal magnitudes at opposite frequencies.
            #expect(at(-1, -1) == at(1, 1) && at(1, -1) == at(-1, 1) && at(0, -1) == at(0, 1))
            #expect(at(0, -2) == 3 && at(-2, 0) == 21)
        }
    }
}
