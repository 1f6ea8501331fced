import JSON
import Tensors

/// Numbers and texts that a file may hold where nobody expects them: on both sides of what is allowed, of what types
/// hold, and of where arithmetic overflows.
enum HostileValues {
    private static let integers: [Int] = [
        -1, 0, 1, 2, 3, 4, 5, 7, 8, 9, 16, 64, 65, 127, 128, 255, 256, 257, 1000, 4095, 4096, 4097, 8191, 8192, 8193,
        16_383, 16_384, 16_385, 65_535, 65_536, 100_000, 1_000_000, 1_000_001, 1 << 24, (1 << 31) - 1, 1 << 31, 1 << 32,
        1_000_000_000, 1 << 40, 1 << 52, 1 << 53, (1 << 53) + 1, 1 << 61, 1 << 62, .max - 1, .max, .min, .min + 1,
    ]
    private static let numbers: [Double] = [
        0.5, -0.5, 1.5, 1e-300, -1e-300, 1e-45, 1e-6, 1e-4, 0.001, 0.003, 0.0499, 0.05, 0.99, 1e30, -1e30, 1e300, -0.0,
        3.0e9, 1e19, .greatestFiniteMagnitude, .leastNonzeroMagnitude,
    ]

    static func number(_ random: inout Random) -> JSONValue {
        random.chance(0.75)
            ? .integer(integers[random.integer(below: integers.count)])
            : .number(numbers[random.integer(below: numbers.count)])
    }

    static func text(_ random: inout Random) -> String {
        switch random.integer(below: 8) {
        case 0: ""
        case 1: "x\u{1B}[2J\n\u{202E}y"
        case 2: String(repeating: "n", count: 10_000)
        case 3: number(&random).text()
        case 4: "*.bias"
        case 5: "/dev/zero"
        case 6: "nan"
        default: "a.b: c, [d"
        }
    }
}

/// Changes a value somewhere within a JSON document, and within JSON that a text of it holds, so that what comes out is
/// well formed still.
enum JSONChange {
    static func apply(to value: JSONValue, _ random: inout Random) -> JSONValue {
        // Numbers do most of the harm.
        let wantsNumber = random.chance(0.7) && count(value, numbersOnly: true) > 0
        var left = random.integer(below: max(1, count(value, numbersOnly: wantsNumber)))
        return walk(value, wantsNumber, &left, &random)
    }

    private static func nested(_ text: String) -> JSONValue? {
        guard text.hasPrefix("{") || text.hasPrefix("[") else { return nil }
        return try? JSONValue(parsing: text)
    }

    private static func count(_ value: JSONValue, numbersOnly: Bool) -> Int {
        let own = numbersOnly ? (isNumber(value) ? 1 : 0) : 1
        return switch value {
        case .array(let elements): elements.reduce(own) { $0 + count($1, numbersOnly: numbersOnly) }
        case .object(let members): members.reduce(own) { $0 + count($1.value, numbersOnly: numbersOnly) }
        case .string(let text): nested(text).map { own + count($0, numbersOnly: numbersOnly) } ?? own
        default: own
        }
    }

    private static func isNumber(_ value: JSONValue) -> Bool {
        switch value {
        case .integer, .number: true
        default: false
        }
    }

    /// Counts down to the value that is changed.
    private static func walk(
        _ value: JSONValue, _ wantsNumber: Bool, _ left: inout Int, _ random: inout Random
    ) -> JSONValue {
        if !wantsNumber || isNumber(value) {
            left -= 1
            if left == -1 { return changed(value, &random) }
        }
        switch value {
        case .array(let elements): return .array(elements.map { walk($0, wantsNumber, &left, &random) })
        case .object(let members):
            return .object(members.map { .init($0.name, walk($0.value, wantsNumber, &left, &random)) })
        case .string(let text):
            return nested(text).map { .string(walk($0, wantsNumber, &left, &random).text()) } ?? value
        default: return value
        }
    }

    private static func changed(_ value: JSONValue, _ random: inout Random) -> JSONValue {
        switch (value, random.integer(below: 10)) {
        case (_, 0): return [.null, .bool(true), .array([]), .object([]), "x"][random.integer(below: 5)]
        case (.array(let elements), _) where !elements.isEmpty:
            let place = random.integer(below: elements.count)
            var elements = elements
            switch random.integer(below: 4) {
            case 0: elements.remove(at: place)
            case 1: elements.insert(elements[place], at: place)
            case 2: elements = Array(repeating: elements[place], count: [2, 9, 300, 5000][random.integer(below: 4)])
            default: elements = []
            }
            return .array(elements)
        case (.object(let members), _) where !members.isEmpty:
            var members = members
            let place = random.integer(below: members.count)
            if random.chance(0.5) { members.remove(at: place) } else { members[place].name += "x" }
            return .object(members)
        case (.string, 1...5): return .string(HostileValues.text(&random))
        default: return HostileValues.number(&random)
        }
    }
}
