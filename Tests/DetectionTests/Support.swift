import Datasets
import Detection
import Foundation
import JSON
import Testing

/// Files of this target.
enum Resource {
    static func path(_ name: String) -> String {
        Bundle.module.bundleURL.appendingPathComponent("Resources/\(name)").path
    }

    static func bytes(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: path(name))))
    }

    static func json(_ name: String) throws -> JSONValue { try JSONValue(parsing: bytes(name)) }
}

extension JSONValue {
    /// An array of numbers; empty for anything else.
    var numbers: [Double] { (arrayValue ?? []).compactMap(\.doubleValue) }
}

/// Numbers of cases that torchvision gave, see `Resources/excerpt.py`.
struct BoxCase {
    let settings: JSONValue
    private let tensors: JSONValue

    static func named(_ name: String) throws -> BoxCase {
        let cases = try #require(Resource.json("boxes.json")["cases"]?.arrayValue)
        let found = try #require(cases.first { $0["name"] == .string(name) })
        return BoxCase(settings: found, tensors: try #require(found["tensors"]))
    }

    subscript(name: String) -> [Double] { tensors[name]?.numbers ?? [] }

    func boxes(_ name: String) -> [Box] { boxes(self[name]) }

    func boxes(_ numbers: [Double]) -> [Box] {
        stride(from: 0, to: numbers.count, by: 4).map {
            Box(left: numbers[$0], top: numbers[$0 + 1], right: numbers[$0 + 2], bottom: numbers[$0 + 3])
        }
    }

    func integers(_ name: String) -> [Int] { self[name].map { Int($0) } }
}

func isClose(_ one: [Double], _ other: [Double], _ tolerance: Double = 1e-12) -> Bool {
    one.count == other.count && zip(one, other).allSatisfy { abs($0 - $1) <= tolerance * max(1, abs($0), abs($1)) }
}

func sides(_ boxes: [Box]) -> [Double] { boxes.flatMap { [$0.left, $0.top, $0.right, $0.bottom] } }
