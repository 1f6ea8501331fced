import Layers
import Models
import Tasks
import Tensors

/// A part of a student that its first stage may begin with as its teacher has it.
package enum InheritedPart: String, CaseIterable, Sendable {
    case neck, head
}

/// What a student takes over of a teacher: parameters of the same name and shape, part by part. From a cascade's head a
/// head that refines boxes once takes the first stage, and the box that a cascade has for all classes for each of them, as in
/// Cao et al., arXiv 2308.09105.
struct Inheritance {
    let teacher: Teacher
    let student: ModelSpecification

    private var source: ModelSpecification { teacher.weights.metadata.specification }

    /// - Returns: what was taken over and what was not, one sentence.
    func take(_ part: InheritedPart, into store: ParameterStore<Float>) -> String {
        let name = "\(part.rawValue) of \(teacher.name)"
        if part == .head, let obstacle { return "The \(name) is not taken over: \(obstacle)." }
        let wanted = shapes(part, store)
        let found = teacher.weights.store.stateDictionary().filter { source.part(of: $0.name) == part }
            .compactMap { fitted($0, wanted) }
        guard !found.isEmpty, !wanted.isEmpty else {
            return "The \(name) is not taken over: \(wanted.isEmpty ? "the student" : "it") has none."
        }
        let others = Set(store.list.entries.map(\.name) + store.list.buffers.map(\.name)).subtracting(
            found.map(\.name))
        let report = store.load(found, skipping: others)
        let taken = found.filter { wanted[$0.name] == $0.shape }.count
        var text =
            "\(taken) of the student's \(wanted.count) parameters of the \(part.rawValue) are those of \(teacher.name)"
        if let first = report.mismatched.first {
            text += "; \(report.mismatched.count) are of another shape there, the first is \(first)"
        }
        return text + "."
    }

    /// The student's parameters and buffers of a part, by name.
    private func shapes(_ part: InheritedPart, _ store: ParameterStore<Float>) -> [String: [Int]] {
        let entries =
            store.list.entries.map { ($0.name, $0.fileShape) }
            + store.list.buffers.map { ($0.name, $0.shape.dimensions) }
        return Dictionary(entries.filter { student.part(of: $0.0) == part }) { first, _ in first }
    }

    /// Why heads that have parameters of the same names and shapes mean other things all the same.
    private var obstacle: String? {
        guard let own = student.head as? any DetectorHeadSpecification,
            let other = source.head as? any DetectorHeadSpecification
        else { return nil }
        if type(of: own).name != type(of: other).name {
            return "it is a \(type(of: other).name), the student's a \(type(of: own).name)"
        }
        if own.style != other.style { return "it is of the style \(other.style), the student's of \(own.style)" }
        return own.anchorShape == other.anchorShape ? nil : "its anchors are others than the student's"
    }

    /// A parameter of the teacher under the student's name; nil for one that the student has not.
    private func fitted(_ array: NamedArray<Float>, _ wanted: [String: [Int]]) -> NamedArray<Float>? {
        var name = array.name
        if let own = student.head as? RegionHeadSpecification, let other = source.head as? RegionHeadSpecification,
            own.stages == 1, other.stages > 1
        {
            var words = name.split(separator: ".").map(String.init)
            if words.count > 2, words[0] == "roi_head" {
                guard words[2] == "0" else { return nil }
                words.remove(at: 2)
                name = words.joined(separator: ".")
            }
        }
        guard let shape = wanted[name] else { return nil }
        let isShared = array.shape.first == 4 && array.shape.dropFirst() == shape.dropFirst()
        if name.contains(".fc_reg."), isShared, let rows = shape.first, rows > 4, rows % 4 == 0 {
            return NamedArray(
                name: name, shape: shape, values: Array((0..<rows / 4).map { _ in array.values }.joined()))
        }
        return NamedArray(name: name, shape: array.shape, values: array.values, isInteger: array.isInteger)
    }
}

extension ModelSpecification {
    /// The part that a parameter belongs to; nil for the backbone with the norms of its maps, and for what is no model's.
    fileprivate func part(of name: String) -> InheritedPart? {
        if name.hasPrefix("neck.") { return .neck }
        let isOther = backbone.part(of: name) != nil || isMapNorm(name) || name.hasPrefix("distillation.")
        return isOther ? nil : .head
    }
}

extension DistillationRun {
    /// What the first stage begins with as its teacher has it; the last teacher's where there are several.
    /// - Returns: what a user should know, one sentence for each part.
    func inherit(from teachers: [Teacher], into store: ParameterStore<Float>) -> [String] {
        guard !configuration.student.inherited.isEmpty else { return [] }
        guard let teacher = teachers.last else {
            return ["There is no teacher, so student.inherit takes nothing over."]
        }
        let inheritance = Inheritance(teacher: teacher, student: data.specification)
        return configuration.student.inherited.map { inheritance.take($0, into: store) }
    }
}
