import Checkpoints
import Foundation
import Tensors
import Testing

/// A safetensors file around a header written by hand.
private func bytes(header: String, data: Int = 0, length: UInt64? = nil) -> [UInt8] {
    withUnsafeBytes(of: length ?? UInt64(header.utf8.count), Array.init) + Array(header.utf8)
        + [UInt8](repeating: 0, count: data)
}

private func refusal(_ header: String, data: Int = 0, length: UInt64? = nil) -> String {
    message { _ = try SafetensorsFile(bytes: bytes(header: header, data: data, length: length), path: "w") }
}

private let sample = SafetensorsFile(
    metadata: ["b": "2", "a": "1\n\u{1}é"],
    tensors: [
        StoredTensor(name: "x", type: .uint8, shape: [3], bytes: [7, 8, 9]),
        StoredTensor(name: "w.weight", shape: [2, 2], floats: [1, -2, .infinity, 0x1p-149]),
        StoredTensor(name: "n", shape: [], integers: [-5]),
        StoredTensor(name: "empty", shape: [0, 4], doubles: []),
    ])

@Test func writtenFileReadsBackTheSame() throws {
    try withFolder { folder in
        let path = folder + "/a.safetensors"
        try sample.write(path: path)
        let read = try SafetensorsFile.read(path: path)
        #expect(read.metadata == sample.metadata)
        #expect(read.tensors.map(\.name) == ["empty", "n", "w.weight", "x"])
        for tensor in sample.tensors { #expect(read[tensor.name] == tensor) }
        #expect(read["missing"] == nil)
        #expect(try SafetensorsFile(bytes: sample.serialized(), path: path) == read)
        let header = try SafetensorsFile.readHeader(path: path)
        #expect(header.metadata == sample.metadata)
        #expect(header.dataOffset % 8 == 0)
        for entry in header.entries { #expect(entry.range.lowerBound % entry.type.size == 0) }
    }
}

@Test func sameTensorsInAnyOrderGiveTheSameBytes() {
    var other = SafetensorsFile()
    for tensor in sample.tensors.reversed() { other.append(tensor) }
    other.metadata["a"] = sample.metadata["a"]
    other.metadata["b"] = sample.metadata["b"]
    #expect(other.serialized() == sample.serialized())
}

@Test func tinyFileHasTheGoldenBytes() {
    let file = SafetensorsFile(
        metadata: ["k": "v"], tensors: [StoredTensor(name: "w", shape: [2], floats: [1, -2])])
    let hex = file.serialized().map { String(format: "%02x", $0) }.joined()
    #expect(
        hex == "5000000000000000"
            + "7b225f5f6d657461646174615f5f223a7b226b223a2276227d2c2277223a7b22646174615f6f666673657473223a5b302c38"
            + "5d2c226474797065223a22463332222c227368617065223a5b325d7d7d20" + "0000803f000000c0")
}

@Test func hostileHeadersAreRefusedInOneSentence() {
    let whole = #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#
    #expect(refusal(whole, data: 8) == "")
    let cases: [(String, Int, UInt64?, String)] = [
        (whole, 7, nil, "ends at byte 8"),
        (whole, 9, nil, "cover 8 bytes"),
        (whole, 8, 1 << 40, "a header of"),
        (whole, 8, .max, "a header of 18446744073709551615 bytes"),
        (whole, 8, 1, "a header of 1 bytes"),
        (whole, 8, 99_999_999, "cut short"),
        ("[]", 0, nil, "expected '{'"),
        (" {}", 0, nil, "expected '{'"),
        ("{}x", 0, nil, "unexpected text"),
        (#"{"a":{"dtype":"F33","shape":[2],"data_offsets":[0,8]}}"#, 8, nil, #"unknown dtype "F33""#),
        (#"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#, 8, nil, "do not fit"),
        (#"{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}"#, 8, nil, "at least 0"),
        (#"{"a":{"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}}"#, 8, nil, "at least 0"),
        (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#, 8, nil, "rising"),
        (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0]}}"#, 8, nil, "rising"),
        (#"{"a":{"dtype":"F32","shape":[2]}}"#, 8, nil, "expected dtype"),
        (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"x":1}}"#, 8, nil, #"unknown key "x""#),
        (
            #"{"a":{"dtype":"F32","shape":[4611686018427387904,4,0],"data_offsets":[0,0]}}"#, 0, nil, "do not fit"
        ),
        (
            #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[0],"data_offsets":[8,8]}}"#,
            8, nil, "duplicate key"
        ),
        (
            #"{"a":{"dtype":"U8","shape":[6],"data_offsets":[0,6]},"b":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}}"#,
            8, nil, "starts at byte 4 of the data, expected 6"
        ),
        (
            #"{"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},"b":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}}"#,
            8, nil, "starts at byte 4 of the data, expected 3"
        ),
        (#"{"__metadata__":{"a":1}}"#, 0, nil, "malformed"),
        (#"{"a":"# + String(repeating: "[", count: 1_000_000), 0, nil, "malformed"),
        (String(repeating: #"{"a":"#, count: 1_000_000), 0, nil, "malformed"),
        ("{\"\u{1}\":1}", 0, nil, "control character"),
    ]
    for (header, data, length, expected) in cases {
        let found = refusal(header, data: data, length: length)
        #expect(found.hasPrefix("w: ") && found.contains(expected), "\(header.prefix(100)): \(found)")
        #expect(found.count < 400)
    }
}

@Test func everyTruncationIsRefused() throws {
    let whole = sample.serialized()
    for count in 0..<whole.count {
        #expect(throws: CheckpointError.self) { try SafetensorsFile(bytes: Array(whole[..<count]), path: "w") }
    }
}

@Test func mutatedFilesAreReadOrRefusedButNeverTrap() {
    var random = Random(seed: 3, purpose: "mutations")
    let whole = sample.serialized()
    var refused = 0
    for _ in 0..<2000 {
        var bytes = whole
        for _ in 0...random.integer(below: 4) {
            let index = random.integer(below: min(bytes.count, 330))
            switch random.integer(below: 3) {
            case 0: bytes[index] = UInt8(random.integer(below: 256))
            case 1: bytes.remove(at: index)
            default: bytes.insert(UInt8(random.integer(below: 128)), at: index)
            }
        }
        do {
            let file = try SafetensorsFile(bytes: bytes, path: "w")
            #expect(file.tensors.allSatisfy { $0.type.byteCount(shape: $0.shape) == $0.bytes.count })
        } catch {
            refused += 1
        }
    }
    #expect(refused > 1000)
}

@Test func unreadableFilesAreNamed() throws {
    try withFolder { folder in
        #expect(
            message { _ = try SafetensorsFile.read(path: folder + "/none") }
                == "\(folder)/none: cannot read the file, no such file or folder")
        #expect(
            message { _ = try SafetensorsFile.read(path: folder) } == "\(folder): expected a file, found a folder")
        #expect(mkfifo(folder + "/pipe", 0o600) == 0)
        #expect(message { _ = try SafetensorsFile.read(path: folder + "/pipe") }.contains("this is a named pipe"))
        try put("GIF89a, surely", folder + "/image")
        #expect(message { _ = try SafetensorsFile.read(path: folder + "/image") }.contains("not a safetensors file"))
    }
}

@Test func everyElementTypeIsConverted() throws {
    func tensor(_ type: ElementType, _ bytes: [UInt8]) -> StoredTensor {
        StoredTensor(name: "t", type: type, shape: [bytes.count / type.size], bytes: bytes)
    }
    let half = tensor(.float16, [0, 0x3C, 0, 0xC0, 0xFF, 0x7B, 1, 0, 0, 0x80, 0xFF, 3, 0, 4, 0, 0xFC])
    let expected: [Float] = [1, -2, 65504, 0x1p-24, -0.0, 1023 * 0x1p-24, 0x1p-14, -.infinity]
    #expect(try half.floats() == expected)
    #expect(try half.floats()[4].sign == .minus)
    #expect(try tensor(.float16, [1, 0x7C]).floats()[0].isNaN)
    #expect(try tensor(.bfloat16, [0x80, 0x3F, 0x49, 0xC0]).doubles() == [1, -3.140625])
    #expect(try StoredTensor(name: "t", shape: [1], floats: [0.1]).doubles() == [Double(Float(0.1))])
    #expect(try StoredTensor(name: "t", shape: [1], doubles: [0.1]).floats() == [0.1])
    #expect(try tensor(.int8, [0xFF, 3]).integers() == [-1, 3])
    #expect(try tensor(.uint8, [0xFF, 3]).integers() == [255, 3])
    #expect(try tensor(.bool, [0, 1]).integers() == [0, 1])
    #expect(try tensor(.int16, [0xFE, 0xFF]).integers() == [-2])
    #expect(try tensor(.int32, [0xFE, 0xFF, 0xFF, 0xFF]).integers() == [-2])
    #expect(try tensor(.uint32, [0xFE, 0xFF, 0xFF, 0xFF]).integers() == [4_294_967_294])
    #expect(try StoredTensor(name: "t", shape: [1], integers: [.min]).integers() == [.min])
    #expect(message { _ = try tensor(.uint64, [UInt8](repeating: 255, count: 8)).integers() }.contains("below 2^63"))
    #expect(
        message { _ = try tensor(.int8, [1]).floats() } == "tensor t: holds int8, expected floating-point numbers")
    #expect(message { _ = try half.integers() } == "tensor t: holds float16, expected integers")
}
