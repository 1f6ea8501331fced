import JSON
import Reporting
import Testing

/// Curves of precision over recall in event files.
@Suite struct PrecisionRecallTests {
    private func curve(_ tag: String, _ folder: RunFolder) throws -> (shape: [Int], rows: [[Float]], content: [UInt8]) {
        let events = try EventReader.read(TensorBoardExport.file(try folder.record))
        let event = try #require(events.first { $0.tensors[tag] != nil })
        let tensor = try #require(event.tensors[tag])
        let plugin = try #require(event.plugins[tag])
        #expect(plugin.name == "pr_curves")
        let count = tensor.shape[1]
        return (tensor.shape, (0..<6).map { Array(tensor.values[$0 * count..<($0 + 1) * count]) }, plugin.content)
    }

    @Test func classesHaveTheirCounts() throws {
        let folder = try RunFolder()
        try folder.fill()
        var result = try folder.json("report/result.json")
        result["thresholds"] = [
            "positives": [[1, 2, 3], [2, 2, 0]], "negatives": [[4, 1, 0], [5, 1, 0]],
        ]
        try folder.write("report/result.json", result)
        let found = try curve("precisionRecall/cat", folder)
        #expect(found.shape == [6, 3])
        #expect(found.rows[0] == [6, 5, 3] && found.rows[1] == [5, 1, 0])
        #expect(found.rows[2] == [0, 4, 5] && found.rows[3] == [0, 1, 3])
        #expect(found.rows[4] == [6 / 11, 5 / 6, 1] && found.rows[5] == [1, 5 / 6, 0.5])
        // Three thresholds: field 2 of the plugin's message.
        #expect(found.content == [0x10, 3])
        // No answer at all is never wrong and finds nothing.
        let dog = try curve("precisionRecall/dog", folder).rows
        #expect(dog[0] == [4, 2, 0] && dog[4] == [0.4, 2 / 3, 1] && dog[5] == [1, 0.5, 0])
    }

    @Test func damagedCountsAreLeftOut() throws {
        let folder = try RunFolder()
        try folder.fill()
        var result = try folder.json("report/result.json")
        result["thresholds"] = ["positives": [[1, -2], [1]], "negatives": [[4, 1], [5, 0]]]
        try folder.write("report/result.json", result)
        let events = try EventReader.read(TensorBoardExport.file(try folder.record))
        #expect(!events.contains { $0.tensors.keys.contains { $0.hasPrefix("precisionRecall") } })
    }
}
