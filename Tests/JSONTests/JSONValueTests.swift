import JSON
import Tensors
import Testing

private func refusal(_ text: String) -> String { message { _ = try JSONValue(parsing: text) } }

@Test func valuesSurviveARoundTrip() throws {
    let value: JSONValue = [
        "z": [1, -0.0, 0.1, 1e300, .number(0x1p-1074), 1.0, 1e16, .integer(.min), .integer(.max)],
        "a": ["nested": [:], "empty": [], "t": true, "f": false, "n": nil],
        "text": "é\"\\\n\u{1}\u{7F}🦅\u{2028}",
    ]
    #expect(try JSONValue(parsing: value.text()) == value)
    #expect(try JSONValue(parsing: value.text(pretty: true)) == value)
    #expect(try JSONValue(parsing: value.text(sorted: true)).text(sorted: true) == value.text(sorted: true))
    var random = Random(seed: 1, purpose: "numbers")
    for _ in 0..<10_000 {
        let number = Double(bitPattern: random.next())
        guard number.isFinite else { continue }
        let read = try JSONValue(parsing: JSONValue.number(number).text()).doubleValue
        #expect(read?.bitPattern == number.bitPattern)
    }
}

@Test func textIsDeterministic() {
    let value: JSONValue = ["b": 1, "a": [1.5, "x\u{1F}"], "B": .number(.nan)]
    #expect(value.text() == #"{"b":1,"a":[1.5,"x\u001f"],"B":null}"#)
    #expect(value.text(sorted: true) == #"{"B":null,"a":[1.5,"x\u001f"],"b":1}"#)
    #expect(
        value.text(pretty: true) == "{\n  \"b\": 1,\n  \"a\": [\n    1.5,\n    \"x\\u001f\"\n  ],\n  \"B\": null\n}")
}

@Test func membersAreReadAndReplacedInPlace() {
    var value: JSONValue = ["a": 1, "b": 2]
    value["a"] = 3
    value["c"] = "x"
    value["b"] = .none
    #expect(value.text() == #"{"a":3,"c":"x"}"#)
    #expect(value["c"]?.stringValue == "x")
    #expect(value["a"]?.doubleValue == 3)
    #expect(value["b"] == nil)
    #expect(JSONValue.null["a"] == nil)
}

@Test func textIsReadAsTheStandardSays() throws {
    #expect(try JSONValue(parsing: " [1 , 2.5e1, -0, 10000000000000000000]\r\n\t") == [1, 25.0, .number(-0.0), 1e19])
    #expect(try JSONValue(parsing: #""\ud83e\udd85\/\b\f\u00e9""#) == "🦅/\u{8}\u{c}é")
    let malformed = [
        "", " ", "{", "[", "[1,]", "{\"a\":1,}", "{a:1}", "{\"a\" 1}", "01", "-", "+1", "1.", ".5", "1e", "1e400",
        "NaN", "Infinity", "tru", "nulll", "1 2", "\"", "\"\\x\"", "\"\\u12\"", "\"\\ud800\"", "\"\\ud800\\u0041\"",
        "\"\\udc00\"", "\"\n\"", "[1}", "// x\n1", "{\"a\":1,\"a\":2}", "'a'", "\u{FEFF}1",
    ]
    for text in malformed { #expect(refusal(text).contains(" at byte "), "\(text)") }
    #expect(throws: JSONError.self) { try JSONValue(parsing: [0x22, 0xFF, 0x22]) }
    #expect(throws: JSONError.self) { try JSONValue(parsing: [0x22, 0xC0, 0x80, 0x22]) }
}

@Test func deepNestingIsRefusedBeforeTheStackEnds() throws {
    func nested(_ depth: Int) -> String { String(repeating: "[", count: depth) + String(repeating: "]", count: depth) }
    #expect(refusal(nested(129)) == "")
    #expect(refusal(nested(130)).contains("nesting deeper than 128"))
    #expect(refusal(String(repeating: "[", count: 5_000_000)).contains("nesting deeper"))
    #expect(refusal(String(repeating: "{\"a\":", count: 1_000_000)).contains("nesting deeper"))
}

/// What a body throws, as text; empty where it throws nothing.
private func message(_ body: () throws -> Void) -> String {
    do { try body() } catch { return "\(error)" }
    return ""
}
