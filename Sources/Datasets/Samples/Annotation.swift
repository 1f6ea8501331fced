/// What is known of an image beside its pixels and follows them when they move: its class, a mask, boxes.
public protocol Annotation: Sendable, Equatable {
    /// The annotation of the moved image.
    func moved(by motion: Motion) -> Self
}
