import ArgumentParser

/// What a shell offers in place of a file, see `trainer --generate-completion-script`.
extension CompletionKind {
    static var config: CompletionKind { .file(extensions: ["yaml", "yml"]) }
    static var weights: CompletionKind { .file(extensions: ["safetensors"]) }
}
