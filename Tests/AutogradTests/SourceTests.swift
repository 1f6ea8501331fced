import Autograd
import Foundation
import Tensors
import Testing

/// Reads the module's own sources: an operation that somebody adds and forgets to list would otherwise be checked by
/// nobody.
@Suite struct SourceTests {
    private struct SourceFile {
        let name: String
        /// The names in `Operation("name")`.
        let operations: [String]
        let text: String
    }

    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private func sources() throws -> [SourceFile] {
        let folder = Self.root.appendingPathComponent("Sources/Autograd/Operations")
        return try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .filter { $0.pathExtension == "swift" }
            .map { url in
                let text = try String(contentsOf: url, encoding: .utf8)
                let operations = text.components(separatedBy: "Operation(\"").dropFirst().compactMap {
                    $0.components(separatedBy: "\"").first
                }
                return SourceFile(
                    name: url.deletingPathExtension().lastPathComponent, operations: operations, text: text)
            }
    }

    @Test func everyDeclaredOperationIsListed() throws {
        let files = try sources()
        #expect(files.count >= 21)
        let listed = Operation.builtIn.map(\.name)
        #expect(Set(listed).count == listed.count, "an operation is listed twice")
        for file in files {
            #expect(
                !file.operations.isEmpty || file.text.contains("Operation(f.rawValue)"), "\(file.name) declares nothing"
            )
            for operation in file.operations {
                #expect(listed.contains(operation), "\(file.name) declares \(operation), which builtIn lacks")
            }
        }
        let declared = Set(files.flatMap(\.operations))
        let table = Set(ElementwiseFunction.allCases.map(\.rawValue))
        #expect(Set(listed).subtracting(declared).subtracting(table) == [], "builtIn lists what no file declares")
    }

    @Test func everyOperationFileHasATestFileOrGradientCases() throws {
        let checked = Set(GradientCheck.all.map { $0.name.components(separatedBy: "/")[0] })
        for file in try sources() {
            let tests = Self.root.appendingPathComponent("Tests/AutogradTests/Operations/\(file.name)Tests.swift")
            let names =
                file.text.contains("Operation(f.rawValue)")
                ? ElementwiseFunction.allCases.map(\.rawValue) : file.operations
            let hasCases = names.allSatisfy { checked.contains($0) }
            #expect(
                hasCases || FileManager.default.fileExists(atPath: tests.path),
                "\(file.name) has neither \(tests.lastPathComponent) nor a gradient check of each operation")
        }
    }
}
