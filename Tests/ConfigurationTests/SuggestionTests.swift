import Configuration
import Testing

@Test(arguments: [
    ("learningrat", "learningRate"), ("learning_rate", "learningRate"), ("Learning-Rate", "learningRate"),
    ("epcohs", "epochs"), ("epoch", "epochs"), ("warmup", "warmupEpochs"), ("numClasses", "classes"),
])
func nearestFindsTheMeantWord(word: String, meant: String) {
    #expect(nearest(word, in: ["seed", "learningRate", "epochs", "warmupEpochs", "classes"]) == meant)
}

@Test(arguments: ["", "x", "zzzzzz", "momentum", "id"])
func nearestIsSilentWhenNothingIsClose(word: String) {
    #expect(nearest(word, in: ["seed", "learningRate", "epochs"]) == nil)
}

@Test func nearestPrefersTheSmallerDistanceThenTheEarlier() {
    #expect(nearest("stage", in: ["stager", "stage"]) == "stage")
    #expect(nearest("tiny", in: ["tinz", "tina"]) == "tinz")
    #expect(nearest("seed", in: []) == nil)
}

@Test(arguments: [
    ("", "", 0), ("abc", "", 3), ("", "ab", 2), ("ab", "ba", 1), ("kitten", "sitting", 3), ("ca", "abc", 3),
])
func editDistanceCountsChangesAndSwaps(first: String, second: String, distance: Int) {
    #expect(editDistance(Array(first), Array(second)) == distance)
    #expect(editDistance(Array(second), Array(first)) == distance)
}
