import Checkpoints
import Foundation
import Layers
import Tensors

/// The classes that the head of a weights file was trained for, as far as the file says.
struct HeadClasses {
    let names: [String]

    /// Nil where the file does not say, or gives its classes numbers for names.
    init?(_ file: SafetensorsFile) {
        guard let text = file.metadata["hornbeam.classes"],
            let names = try? JSONDecoder().decode([String].self, from: Data(text.utf8)),
            !names.enumerated().allSatisfy({ $1 == "class \($0)" })
        else { return nil }
        self.names = names
    }
}

extension ParameterStore where S == Float {
    /// An entry's values in the order of files.
    func values(_ entry: ParameterList.Entry) -> [Float] { fileOrder(entry, flat.pointer + entry.offset) }

    /// Gives each class the row of the loaded head that was trained for the class of that name, and the first values to
    /// those that the head does not know.
    ///
    /// - Parameters:
    ///   - known: the classes of the head as it was loaded; nil where they are unknown, so that it stays as it is.
    ///   - fresh: the head's arrays as they were drawn.
    /// - Returns: what was done, one sentence, or nil where the classes are the same.
    func takeOverHead(
        of path: String, known: HeadClasses?, wanted: [String], fresh: [NamedArray<Float>]
    ) -> String? {
        guard let known = known?.names else {
            return
                "\(path) does not name the classes that its head was trained for, so the head is taken over as it is."
        }
        guard known != wanted, known.count == wanted.count else { return nil }
        let rows = Dictionary(known.enumerated().map { ($1, $0) }) { first, _ in first }
        let sources = wanted.map { rows[$0] }
        let merged = fresh.map { array -> NamedArray<Float> in
            guard let entry = list.entries.first(where: { $0.name == array.name }), !wanted.isEmpty else {
                return array
            }
            let loaded = values(entry)
            let width = loaded.count / wanted.count
            var result = array.values
            for (row, source) in sources.enumerated() {
                guard let source else { continue }
                result.replaceSubrange(
                    row * width..<(row + 1) * width, with: loaded[source * width..<(source + 1) * width])
            }
            return NamedArray(name: array.name, shape: array.shape, values: result)
        }
        _ = load(merged)
        let new = wanted.filter { rows[$0] == nil }
        guard let first = new.first else {
            return "The head of \(path) knows the same classes in another order, so its rows are put in this one."
        }
        let count = wanted.count - new.count
        let others = known.filter { !wanted.contains($0) }.prefix(3).joined(separator: ", ")
        return
            "The head of \(path) was trained for other classes (\(others)), so the rows of \(new.count) classes "
            + "(\(first)\(new.count > 1 ? ", ..." : "")) are drawn anew"
            + (count > 0 ? "; those of \(count) classes of the same name are taken over." : ".")
    }
}
