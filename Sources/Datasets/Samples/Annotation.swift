import Tensors

/// What is known of an image beside its pixels and follows them when they move: its class, a mask, boxes.
public protocol Annotation: Sendable, Equatable {
    /// The annotation of the moved image.
    func moved(by motion: Motion) -> Self
    /// Which part of the pixels that count are of the class that most of them are of, 1 where none counts; nil where there
    /// is no class of a pixel. Steps that choose what to cut out of an image ask for it.
    var commonestShare: Double? { get }
    /// The boxes of the objects that are asked for, as far as they are visible in the moved image; nil where nothing is said
    /// about objects. Steps that choose what to cut out of an image ask for them.
    func objectBoxes(movedBy motion: Motion) -> [Box]?
    /// What is said of an image of `size` that is joined of several ones; nil where that cannot be said. Mosaics ask for it.
    static var joining: (@Sendable (_ parts: [JoinedPart<Self>], _ size: Pair) -> Self)? { get }
}

extension Annotation {
    /// Nothing is said about pixels.
    public var commonestShare: Double? { nil }
    /// Nothing is said about objects.
    public func objectBoxes(movedBy motion: Motion) -> [Box]? { nil }
    /// Images cannot be joined.
    public static var joining: (@Sendable (_ parts: [JoinedPart<Self>], _ size: Pair) -> Self)? { nil }
}
