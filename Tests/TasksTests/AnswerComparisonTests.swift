import Datasets
import Foundation
import Tasks
import Testing

@Suite struct AnswerComparisonTests {
    private func file(_ name: String, _ text: String, in folder: URL) throws -> String {
        let url = folder.appendingPathComponent(name)
        try Data(text.utf8).write(to: url)
        return url.path
    }

    private func folder() throws -> URL {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("answers-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        return url
    }

    @Test func imagesAreMatchedByTheirPathsInWhateverOrder() throws {
        let folder = try folder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let first = try file(
            "a.csv",
            "path,label,predicted,p(x)\nx.png,cat,cat,1\n\"y,1.png\",cat,dog,0\nz.png,dog,dog,1\nw.png,dog,cat,1\n",
            in: folder)
        let second = try file(
            "b.csv",
            "path,label,predicted\r\nw.png,dog,cat\r\nz.png,dog,cat\r\n\"y,1.png\",cat,dog\r\nx.png,cat,cat\r\n",
            in: folder)
        let found = try AnswerComparison(first, second)
        #expect(found.both.right == 1 && found.both.wrong == 2)
        #expect(found.test == McNemar(first: 1, second: 0))
        #expect(found.json["accuracy"]?.doubleValue == 0.5 && found.json["otherAccuracy"]?.doubleValue == 0.25)
        #expect(found.text.contains("no difference is shown"))
    }

    @Test(arguments: [
        ("path,label,predicted\nx,a,a\n", "there is no answer for 'y'"),
        ("path,label,predicted\nx,a,a\ny,b,a\n", "'y' is labelled 'b', but 'a'"),
        ("path,label,predicted\nx,a\n", "row 2 has 2 of the three cells"),
        ("path,label,predicted\nx,a,a\nx,a,a\n", "row 3 is a second one of the image 'x'"),
        ("image,class\n", "its first row is no header of answers"),
        ("path,label,predicted\n", "there are no answers in it"),
        ("path,label,predicted\n\"x,a,a\n", "a quotation mark is never closed"),
    ])
    func whatDoesNotBelongTogetherIsNamed(text: String, expected: String) throws {
        let folder = try folder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let first = try file("a.csv", "path,label,predicted\nx,a,a\ny,a,a\n", in: folder)
        let second = try file("b.csv", text, in: folder)
        let error = #expect(throws: DatasetError.self) { try AnswerComparison(first, second) }
        #expect(
            error.map { "\($0)".contains(expected) } == true, "expected \(expected), found \(String(describing: error))"
        )
    }
}
