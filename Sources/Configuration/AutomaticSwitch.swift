/// A switch that may be left to the program.
public enum AutomaticSwitch: String, CaseIterable, Sendable {
    /// The program decides, by a rule that the key's summary gives.
    case automatic = "auto"
    case on = "true"
    case off = "false"
}

extension ValueKind<AutomaticSwitch> {
    static var automaticSwitch: Self {
        ValueKind(
            noun: "auto, true or false", plural: "auto, true or false",
            choices: AutomaticSwitch.allCases.map(\.rawValue), type: .init(.choice),
            synonyms: ["yes": "true", "on": "true", "1": "true", "no": "false", "off": "false", "0": "false"],
            harmless: .automatic,
            parse: { text, plain in
                if plain, let value = ScalarText.bool(text) { return value ? .on : .off }
                return AutomaticSwitch(rawValue: text)
            },
            // Plain, so that true and false are what they are elsewhere.
            format: { $0.rawValue })
    }
}

extension ConfigurationReader {
    /// `true`, `false` or `auto`.
    public func automaticSwitch(_ key: String, default value: AutomaticSwitch, _ summary: String) -> AutomaticSwitch {
        scalar(key, .automaticSwitch, .value(value), summary) ?? value
    }
}
