/// What is known of an image beside its pixels and follows them when they move: its class, a mask, boxes.
public protocol Annotation: Sendable, Equatable {
    /// The annotation of the moved image.
    func moved(by motion: Motion) -> Self
    /// Which part of the pixels that count are of the class that most of them are of, 1 where none counts; nil where there
    /// is no class of a pixel. Steps that choose what to cut out of an image ask for it.
    var commonestShare: Double? { get }
}

extension Annotation {
    /// Nothing is said about pixels.
    public var commonestShare: Double? { nil }
}
