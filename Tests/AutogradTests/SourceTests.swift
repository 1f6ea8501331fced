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

    @Test func everyOperationFileHasKernelsAndTestsOfItsName() throws {
        func exists(_ path: String) -> Bool {
            FileManager.default.fileExists(atPath: Self.root.appendingPathComponent(path).path)
        }
        for file in try sources() {
            #expect(
                exists("Sources/Tensors/Kernels/\(file.name).swift") || file.text.contains("\n// No kernel: "),
                "\(file.name) has no kernels of its name and no comment `// No kernel: ` that says why")
            let path = "Tests/AutogradTests/Operations/\(file.name)Tests.swift"
            let tests = try? String(contentsOf: Self.root.appendingPathComponent(path), encoding: .utf8)
            #expect(tests?.contains("struct \(file.name)Tests") == true, "\(path) is missing or holds other tests")
            #expect(tests?.contains("@Test") == true, "\(path) tests nothing")
        }
    }

    @Test func everyOperationHasAGradientCheckOfItsName() {
        let checked = Set(GradientCheck.all.map { $0.name.components(separatedBy: "/")[0] })
        let listed = Set(Operation.builtIn.map(\.name))
        #expect(listed.subtracting(checked) == [])
    }
}
