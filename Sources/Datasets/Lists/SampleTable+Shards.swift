/// What the members of one name say.
private struct Sample {
    let name: String
    var image: TarMember?
    var fields: [(column: String, text: String)] = []
}

extension SampleTable {
    /// The endings of members that say the class.
    private static let classEndings: Set<String> = ["cls", "txt"]
    /// Larger members than this are no labels.
    private static let longestLabel = 1 << 20

    /// Lists the samples of tar files, in the order of the files and within them; images are read when they are asked for.
    init(_ shards: Shards) throws {
        let (kinds, isDivided) = try shards.parts()
        var found: [(sample: Sample, image: TarMember, file: String, part: PartKind)] = []
        var columns: [String] = []
        var others: [String: Int] = [:]
        var withoutImage = 0
        for (file, part) in zip(shards.files, kinds) {
            let samples = try Self.samples(of: file, &others)
            if samples.isEmpty {
                throw DatasetError(file, "the tar file holds no files, expected images and their labels")
            }
            for sample in samples {
                guard let image = sample.image else {
                    withoutImage += 1
                    continue
                }
                for field in sample.fields where !columns.contains(field.column) { columns.append(field.column) }
                found.append((sample, image, file, part))
            }
        }
        guard !found.isEmpty else {
            throw DatasetError(shards.path, "no member of the tar files is an image, expected name.jpg beside name.cls")
        }
        let rows = found.map { entry in
            Row(
                image: .member(entry.image, of: entry.file), place: "\(entry.file)/\(entry.sample.name)",
                part: entry.part,
                cells: columns.map { column in entry.sample.fields.first { $0.column == column }?.text ?? "" })
        }
        self.init(
            path: shards.path, format: "\(counted(shards.files.count, "tar file")) of images", root: shards.root,
            columns: columns, rows: rows, isDivided: isDivided)
        if withoutImage > 0 {
            notices.append("\(path): \(counted(withoutImage, "sample")) without an image left out")
        }
        if !others.isEmpty {
            let list = others.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.value) .\($0.key)" }
            notices.append("\(path): members of other kinds are passed over (\(listed(list)))")
        }
    }

    /// The samples of a file: neighbors whose names are the same up to the first dot of the last part.
    private static func samples(of path: String, _ others: inout [String: Int]) throws -> [Sample] {
        var samples: [Sample] = []
        for member in try TarIndex(path).members {
            let file = member.name.split(separator: "/", omittingEmptySubsequences: false).last ?? ""
            guard let dot = file.firstIndex(of: "."), dot != file.startIndex else { continue }
            let ending = file[file.index(after: dot)...].lowercased()
            let key = String(member.name.dropLast(file.count) + file[..<dot])
            if samples.last?.name != key { samples.append(Sample(name: key)) }
            let last = samples.count - 1
            if ImageKind.endings.contains(ending) {
                guard samples[last].image == nil else {
                    throw DatasetError(path, "\(key) has two images, expected one for each name")
                }
                samples[last].image = member
            } else if classEndings.contains(ending) || ending == "json" {
                guard member.size <= longestLabel else {
                    throw DatasetError(path, "\(member.name) has \(member.size) bytes, too many for a label")
                }
                let bytes = try member.bytes(of: path)
                if ending == "json" {
                    samples[last].fields += try fields(bytes, path + "/" + member.name)
                } else {
                    let text = String(decoding: bytes, as: UTF8.self).trimmed
                    samples[last].fields.append((labelColumn, text))
                }
            } else {
                others[ending, default: 0] += 1
            }
        }
        return samples
    }

    /// The members of a JSON object as texts: numbers and words as they stand, a list of them divided by `|`. What is
    /// deeper is passed over.
    private static func fields(_ bytes: [UInt8], _ name: String) throws -> [(column: String, text: String)] {
        var stream = JSONStream(bytes, path: name)
        var fields: [(column: String, text: String)] = []
        try stream.object { stream, member in
            // `cls` is what other programs call it.
            let column = member == "cls" || member == "labels" || member == "class" ? labelColumn : member
            if try stream.peek() == UInt8(ascii: "[") {
                var texts: [String]? = []
                try stream.array { stream in
                    let text = try scalar(&stream)
                    texts = text.flatMap { text in texts.map { $0 + [text] } }
                }
                if let texts { fields.append((column, texts.joined(separator: "|"))) }
            } else if let text = try scalar(&stream) {
                fields.append((column, text))
            }
        }
        try stream.expectEnd()
        return fields
    }

    private static func scalar(_ stream: inout JSONStream) throws -> String? {
        switch try stream.peek() {
        case UInt8(ascii: "\""): return try stream.string()
        case UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: "n"):
            try stream.skipValue()
            return nil
        case UInt8(ascii: "t"):
            try stream.word("true")
            return "1"
        case UInt8(ascii: "f"):
            try stream.word("false")
            return "0"
        default:
            let value = try stream.number()
            return Int(exactly: value).map { "\($0)" } ?? "\(value)"
        }
    }
}
