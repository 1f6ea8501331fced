/// What steps that choose a part of an image may ask about it. Motions are from the decoded image.
package struct TransformGuide {
    /// `Annotation.commonestShare` of what the moved image shows.
    let share: (Motion) -> Double?
    /// The boxes of the objects that the moved image shows; nil where nothing is said about objects.
    let boxes: (Motion) -> [Box]?

    /// Answers of one's own.
    package init(share: @escaping (Motion) -> Double?, boxes: @escaping (Motion) -> [Box]? = { _ in nil }) {
        (self.share, self.boxes) = (share, boxes)
    }

    /// What is said about an image.
    package init(_ annotation: some Annotation) {
        share = { annotation.moved(by: $0).commonestShare }
        boxes = { annotation.objectBoxes(movedBy: $0) }
    }
}
