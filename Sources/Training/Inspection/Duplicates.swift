import Datasets

/// Images with the same content: what is learnt from and measured on at once, or labelled in two ways.
package struct Duplicates: Sendable {
    /// Images of one part that are in another one as well.
    package struct Shared: Sendable {
        package let part: String
        package let other: String
        /// How many images of `part` there are in `other`, and how many of them under another class.
        package internal(set) var count = 0
        package internal(set) var otherClassCount = 0
        /// Some of them, the image of `part` first.
        package internal(set) var examples: [(String, String)] = []
    }

    /// Images that are in one part twice.
    package struct Repeated: Sendable {
        package let part: String
        /// How many images have a like one before them, in their own class and in another.
        package internal(set) var count = 0
        package internal(set) var otherClassCount = 0
        /// Some of those in another class, or else in their own.
        package internal(set) var examples: [(String, String)] = []
    }

    package private(set) var acrossParts: [Shared] = []
    package private(set) var withinParts: [Repeated] = []

    private static let mostExamples = 5

    init<Annotation: Datasets.Annotation>(_ parts: [(part: InspectedPart, dataset: any AnnotatedDataset<Annotation>)])
        throws
    {
        // The first image with each content, by its position among those that were read.
        let first = parts.map { part, _ in
            Dictionary(part.fingerprints.enumerated().map { ($0.element, $0.offset) }) { first, _ in first }
        }
        for (index, (part, dataset)) in parts.enumerated() {
            for earlier in 0..<index {
                let (otherPart, otherDataset) = parts[earlier]
                var shared = Shared(part: part.name, other: otherPart.name)
                for (position, content) in part.fingerprints.enumerated() {
                    guard let match = first[earlier][content] else { continue }
                    let (image, other) = (part.sound[position], otherPart.sound[match])
                    shared.count += 1
                    if try dataset.annotation(image) != otherDataset.annotation(other) { shared.otherClassCount += 1 }
                    if shared.examples.count < Self.mostExamples {
                        shared.examples.append((dataset.name(image), otherDataset.name(other)))
                    }
                }
                if shared.count > 0 { acrossParts.append(shared) }
            }
            var repeated = Repeated(part: part.name)
            var alike: [(String, String)] = []
            for (position, content) in part.fingerprints.enumerated() {
                guard let match = first[index][content], match < position else { continue }
                let (image, other) = (part.sound[position], part.sound[match])
                let names = (dataset.name(image), dataset.name(other))
                if try dataset.annotation(image) == dataset.annotation(other) {
                    repeated.count += 1
                    if alike.count < Self.mostExamples { alike.append(names) }
                } else {
                    repeated.otherClassCount += 1
                    if repeated.examples.count < Self.mostExamples { repeated.examples.append(names) }
                }
            }
            if repeated.examples.isEmpty { repeated.examples = alike }
            if repeated.count + repeated.otherClassCount > 0 { withinParts.append(repeated) }
        }
    }

    package var isEmpty: Bool { acrossParts.isEmpty && withinParts.isEmpty }

    /// A line for each finding.
    package var lines: [String] {
        func examples(_ names: [(String, String)]) -> String {
            names.prefix(2).map { "\($0.0) = \($0.1)" }.joined(separator: ", ") + (names.count > 2 ? ", ..." : "")
        }
        let shared = acrossParts.map { found in
            let odd = found.otherClassCount > 0 ? ", \(found.otherClassCount) of them in another class" : ""
            return
                "\(found.count) of the \(found.part) images \(found.count == 1 ? "is" : "are") in the \(found.other) part as "
                + "well\(odd): \(examples(found.examples))"
        }
        let repeated = withinParts.map { found in
            let odd = found.otherClassCount > 0
            let counts = [
                found.otherClassCount > 0 ? "\(found.otherClassCount) in two classes" : nil,
                found.count > 0 ? "\(found.count) twice in their class" : nil,
            ].compactMap { $0 }.joined(separator: ", ")
            return
                "\(found.part) images that are there more than once: \(counts)\(odd ? " (contradictory labels)" : ""): "
                + examples(found.examples)
        }
        return shared + repeated
    }
}
