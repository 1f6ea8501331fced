/// Moves bytes between the ranks of a job, and does nothing else: what is added, agreed on or waited for is the group's
/// affair. One thread at a time may call it, and one exchange at a time is under way.
package protocol Transport: AnyObject {
    /// Which of the ranks this is, from 0.
    var rank: Int { get }

    /// The number of ranks.
    var size: Int { get }

    /// What carries the bytes, with its version, for people.
    var name: String { get }

    /// Begins to send bytes to one rank and to receive as many as `receiving` holds from another, either of which may be
    /// missing. The memory must stay until `poll` says that the exchange is done.
    func begin(
        sending: UnsafeRawBufferPointer, to destination: Int?, receiving: UnsafeMutableRawBufferPointer,
        from source: Int?) throws

    /// Lets the exchange go on.
    /// - Returns: whether it is done.
    func poll() throws -> Bool

    /// Sends a note beside the exchanges. It may be lost where the other rank ends before it looks.
    func send(_ note: Note, to destination: Int) throws

    /// The next note that came, if one did.
    func receiveNote() throws -> Note?

    /// Ends the job on all ranks; does not come back where the ranks are processes.
    func abort(code: Int32)

    /// Ends the connection after the last exchange.
    func close()
}

/// What a rank that waits asks another, and the answer.
package struct Note: Equatable, Sendable {
    package enum Kind: UInt32, Sendable {
        /// Are you there, and what do you do?
        case question = 1
        /// I wait as well, for the rank in `subject`.
        case waiting = 2
    }

    package var kind: Kind
    package var sender: Int
    package var subject: Int

    package init(_ kind: Kind, from sender: Int, subject: Int) {
        (self.kind, self.sender, self.subject) = (kind, sender, subject)
    }
}
