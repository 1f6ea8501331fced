/// What is done together; both sides of an exchange must be at the same.
enum Call: UInt32 {
    case barrier = 1
    case broadcast = 2
    case gather = 3
    case sum = 4

    var name: String {
        switch self {
        case .barrier: "a barrier"
        case .broadcast: "a broadcast"
        case .gather: "a gathering"
        case .sum: "a sum"
        }
    }
}

/// The first message of every exchange, of one size whatever it carries, so that ranks that do different things find out
/// before they take each other's bytes for something else. What is small goes along in it.
struct Envelope {
    /// Bytes of the whole, and of what may go along.
    static let size = 1024
    static let room = size - headSize
    private static let headSize = 32
    private static let mark: UInt32 = 0x4d42_5248

    var call: Call
    /// Which call of the group it is.
    var number: UInt64
    var flags: UInt32
    /// Bytes of the whole content, of which the first are in the envelope.
    var count: Int

    func write(to memory: UnsafeMutableRawBufferPointer, content: UnsafeRawBufferPointer) {
        memory.storeBytes(of: Self.mark, as: UInt32.self)
        memory.storeBytes(of: call.rawValue, toByteOffset: 4, as: UInt32.self)
        memory.storeBytes(of: number, toByteOffset: 8, as: UInt64.self)
        memory.storeBytes(of: flags, toByteOffset: 16, as: UInt32.self)
        memory.storeBytes(of: Int64(count), toByteOffset: 24, as: Int64.self)
        let start = UnsafeMutableRawBufferPointer(rebasing: memory[Self.headSize..<Self.size])
        start.copyMemory(from: UnsafeRawBufferPointer(rebasing: content.prefix(Self.room)))
    }

    /// Nil for what is no envelope.
    init?(_ memory: UnsafeRawBufferPointer) {
        guard memory.load(as: UInt32.self) == Self.mark,
            let call = Call(rawValue: memory.load(fromByteOffset: 4, as: UInt32.self))
        else { return nil }
        self.call = call
        number = memory.load(fromByteOffset: 8, as: UInt64.self)
        flags = memory.load(fromByteOffset: 16, as: UInt32.self)
        count = Int(memory.load(fromByteOffset: 24, as: Int64.self))
    }

    init(_ call: Call, _ number: UInt64, flags: UInt32, count: Int) {
        (self.call, self.number, self.flags, self.count) = (call, number, flags, count)
    }

    /// The part of the content that goes along.
    static func start(of memory: UnsafeRawBufferPointer, count: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: memory[headSize..<headSize + min(count, room)])
    }
}
