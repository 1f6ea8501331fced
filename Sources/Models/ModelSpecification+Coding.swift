// In a file: the family's name over its specification, {"hornet": {"baseWidth": 64, ...}}; beside it, where the model
// has a neck or a head of its own, "neck" and "head" with the same form.
extension ModelSpecification: Codable {
    static let neckKey = "neck"
    static let headKey = "head"

    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(_ name: String) { stringValue = name }
        init?(stringValue: String) { self.init(stringValue) }
        init?(intValue: Int) { nil }
    }

    /// Reads a specification of a family that is known, see `ModelFamily.register`.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        func unknown(_ what: String) -> DecodingError {
            let found = container.allKeys.map(\.stringValue).sorted().joined(separator: ", ")
            return .dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "expected one known \(what), found \(found)"))
        }
        let families = ModelFamily.all.filter { container.contains(Key($0.name)) }
        guard let family = families.first, families.count == 1 else { throw unknown("family") }
        backbone = try container.decode(family, forKey: Key(family.name))
        if container.contains(Key(Self.neckKey)) {
            let part = try container.nestedContainer(keyedBy: Key.self, forKey: Key(Self.neckKey))
            guard let kind = ModelNeck.all.first(where: { part.contains(Key($0.name)) }) else { throw unknown("neck") }
            neck = try part.decode(kind, forKey: Key(kind.name))
        }
        if container.contains(Key(Self.headKey)) {
            let part = try container.nestedContainer(keyedBy: Key.self, forKey: Key(Self.headKey))
            guard let kind = ModelHead.all.first(where: { part.contains(Key($0.name)) }) else { throw unknown("head") }
            head = try part.decode(kind, forKey: Key(kind.name))
        }
    }

    /// Writes each part under the name of its kind.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(backbone, forKey: Key(type(of: backbone).name))
        if let neck {
            var part = container.nestedContainer(keyedBy: Key.self, forKey: Key(Self.neckKey))
            try part.encode(neck, forKey: Key(type(of: neck).name))
        }
        if let head {
            var part = container.nestedContainer(keyedBy: Key.self, forKey: Key(Self.headKey))
            try part.encode(head, forKey: Key(type(of: head).name))
        }
    }
}

extension ModelSpecification: Hashable {
    private var parts: [AnyHashable?] {
        [AnyHashable(backbone), neck.map { AnyHashable($0) }, head.map { AnyHashable($0) }]
    }

    /// Whether all parts are of the same kinds and equal.
    public static func == (first: Self, second: Self) -> Bool { first.parts == second.parts }

    /// Combines all parts.
    public func hash(into hasher: inout Hasher) { hasher.combine(parts) }
}
