/// What is known of an image beside its pixels and follows them when they move: its class, a mask, boxes.
public protocol Annotation: Sendable, Equatable {
    /// The annotation of the moved image.
    func moved(by motion: Motion) -> Self
    /// Which part of the pixels that count are of the class that most of them are of, 1 where none counts; nil where there
    /// is no class of a pixel. Steps that choose what to cut out of an image ask for it.
    var commonestShare: Double? { get }
    /// The boxes of the objects that are asked for, in the image's pixels; nil where there are no objects. Steps that choose
    /// what to cut out of an image ask for them.
    var objectBoxes: [Box]? { get }
}

extension Annotation {
    /// Nothing is said about pixels.
    public var commonestShare: Double? { nil }
    /// Nothing is said about objects.
    public var objectBoxes: [Box]? { nil }
}
