import Foundation
import Reporting
import Testing

private func withPath(_ body: (String) throws -> Void) throws {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("hornbeam-\(UUID().uuidString).jsonl").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    try body(path)
}

private func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

@Test func everyLineIsInTheFileAsSoonAsItIsAppended() throws {
    try withPath { path in
        let log = try MetricsLog(path: path)
        try log.append(["epoch": 1, "loss": 0.1, "name": "a\nb", "bad": .number(.nan)])
        #expect(try text(path) == "{\"epoch\":1,\"loss\":0.1,\"name\":\"a\\nb\",\"bad\":null}\n")
        try log.append(["epoch": 2])
        #expect(try text(path).hasSuffix("}\n{\"epoch\":2}\n"))
        #expect(try text(path).utf8.count == log.byteLength)
        try log.synchronize()
        #expect(try MetricsLog(path: path).byteLength == 0)
        #expect(try text(path) == "")
    }
}

@Test func aResumedLogHasNoLineTwiceOrInPart() throws {
    try withPath { path in
        let length: Int
        do {
            let log = try MetricsLog(path: path)
            try log.append(["epoch": 1])
            length = log.byteLength
            try log.append(["epoch": 2])
        }
        let log = try MetricsLog(path: path, resumingAt: length)
        #expect(log.warning == nil)
        try log.append(["epoch": 2, "again": true])
        #expect(try text(path) == "{\"epoch\":1}\n{\"epoch\":2,\"again\":true}\n")
    }
}

@Test func aLogThatLostItsEndGoesOnAfterTheLastWholeLineWithAWarning() throws {
    try withPath { path in
        try "{\"epoch\":1}\n{\"epo".write(toFile: path, atomically: true, encoding: .utf8)
        let log = try MetricsLog(path: path, resumingAt: 24)
        #expect(log.warning?.contains("goes on after byte 12") == true)
        try log.append(["epoch": 2])
        #expect(try text(path) == "{\"epoch\":1}\n{\"epoch\":2}\n")
    }
    try withPath { path in
        let log = try MetricsLog(path: path, resumingAt: 24)
        #expect(log.warning?.contains("after byte 0") == true)
    }
}

@Test func aLogThatCannotBeWrittenIsNamed() throws {
    #expect(
        message { _ = try MetricsLog(path: "/none/a") } == "/none/a: cannot write the log, no such file or directory")
    if FileManager.default.fileExists(atPath: "/dev/full") {
        let log = try MetricsLog(path: "/dev/full")
        #expect(message { try log.append(1) } == "/dev/full: cannot write the log, no space left on device")
        #expect(log.byteLength == 0)
    }
}

private func message(_ body: () throws -> Void) -> String {
    do {
        try body()
        return ""
    } catch {
        return "\(error)"
    }
}

@Test func epochsAreRowsOfCommaSeparatedValues() throws {
    let folder = try RunFolder()
    try folder.write(
        "metrics.jsonl",
        "{\"epoch\":1,\"trainLoss\":0.5,\"note\":\"a,b\"}\n{\"epoch\":2,\"trainLoss\":null,\"validationLoss\":0.25,\"list\":[1]}\n"
    )
    let record = try folder.record
    #expect(
        EpochTable.csv([record]) == "epoch,trainLoss,note,validationLoss\n1,0.5,\"a,b\",\n2,,,0.25\n")
    let both = EpochTable.csv([record, record]).split(separator: "\n")
    #expect(both.count == 5 && both[0].hasPrefix("run,epoch,"))
}
