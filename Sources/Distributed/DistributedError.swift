/// What keeps ranks from working together, in one sentence.
package struct DistributedError: Error, CustomStringConvertible, Equatable, Sendable {
    package let description: String

    package init(_ description: String) { self.description = description }
}
