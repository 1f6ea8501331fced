import Foundation
import Testing

extension Program {
    /// What `evaluate` measures, and on which images.
    @Suite struct Evaluate {
        private let place: Workplace

        init() throws {
            place = try Workplace()
            try place.write("small.yaml", smallConfiguration)
            #expect(try place.run("train small.yaml --output run").code == 0)
        }

        private func json(_ line: String) throws -> [String: Any] {
            let outcome = try place.run(line + " --json")
            #expect(outcome.code == 0, "\(outcome.errors)")
            return try #require(try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
        }

        @Test func aRunKnowsItsDataAndItsParts() throws {
            let test = try json("evaluate run")
            #expect(test["part"] as? String == "test" && test["images"] as? Int == 360)
            #expect(test["accuracy"] as? Double == (try place.json("run/summary.json"))["bestTestAccuracy"] as? Double)
            let held = try json("evaluate run --part validation")
            #expect(held["part"] as? String == "validation" && held["images"] as? Int == 143)
            #expect(
                held["accuracy"] as? Double == (try place.json("run/summary.json"))["bestValidationAccuracy"] as? Double
            )
            #expect(try json("evaluate run/weights/last.safetensors --part train")["images"] as? Int == 1294)
            let half = try ["train", "validation"].map {
                try #require(json("evaluate run --set data.validation=0.5 --part \($0)")["images"] as? Int)
            }
            #expect(half[0] + half[1] == 1437 && abs(half[0] - half[1]) < 20)
            try place.fail(
                "evaluate run --set data.validation=0 --part validation", "no validation part (data.validation is 0)")
            try place.fail("evaluate run --part all", "divided into parts, so there is no part all")
            try FileManager.default.copyItem(
                atPath: place.path + "/run/weights/last.safetensors", toPath: place.path + "/alone.safetensors")
            try place.fail("evaluate alone.safetensors", "expected --data <config>")
            #expect(try json("evaluate alone.safetensors --data run")["images"] as? Int == 360)
        }

        @Test func mirroredImagesAreAskedAboutAsWell() throws {
            let (plain, flipped) = (try json("evaluate run"), try json("evaluate run --flip"))
            #expect(plain["images"] as? Int == flipped["images"] as? Int)
            #expect(plain["loss"] as? Double != flipped["loss"] as? Double)
            try place.fail("evaluate --flip --predictions a.csv --against b.csv", "--flip asks a model")
        }

        @Test func figuresAgreeWithThePredictionsOfEachImage() throws {
            let result = try json("evaluate run --predictions all.csv")
            let lines = try place.text("all.csv").split(separator: "\n").map {
                $0.split(separator: ",").map(String.init)
            }
            #expect(lines[0].prefix(4) == ["path", "label", "predicted", "p(0)"] && lines.count == 361)
            let rows = lines.dropFirst()
            let accuracy = Double(rows.count { $0[1] == $0[2] }) / 360
            #expect(abs(try #require(result["accuracy"] as? Double) - accuracy) < 1e-12)
            let classes = (0..<10).map(String.init)
            let recalls = classes.map { name in
                let own = rows.filter { $0[1] == name }
                return Double(own.count { $0[2] == name }) / Double(own.count)
            }
            let balanced = try #require(result["balancedAccuracy"] as? Double)
            #expect(abs(balanced - recalls.reduce(0, +) / 10) < 1e-12)
            let precisions = classes.map { name in
                let taken = rows.filter { $0[2] == name }
                return taken.isEmpty ? 0 : Double(taken.count { $0[1] == name }) / Double(taken.count)
            }
            let precision = try #require(result["macroPrecision"] as? Double)
            #expect(abs(precision - precisions.reduce(0, +) / 10) < 1e-12)
            // Pairs of an image of the class and one of another, by which has the higher probability.
            let own = rows.filter { $0[1] == "3" }.compactMap { Float($0[6]) }
            let others = rows.filter { $0[1] != "3" }.compactMap { Float($0[6]) }
            var wins = 0.0
            for a in own {
                for b in others { wins += a > b ? 1 : a == b ? 0.5 : 0 }
            }
            let entries = try #require(result["perClass"] as? [[String: Any]])
            #expect(abs(try #require(entries[3]["auc"] as? Double) - wins / Double(own.count * others.count)) < 1e-12)
            try place.fail("evaluate run --predictions missing/a.csv", "missing/a.csv")
        }

        @Test func classesAreMatchedByNameAndAbsentOnesAreNamed() throws {
            for (index, name) in ["7", "3", "7", "3"].enumerated() {
                try PNG.write(
                    "\(place.path)/more/train/\(name)/\(index).png", width: 8, height: 8, .gray, label: 0, index: index)
                try PNG.write(
                    "\(place.path)/more/test/\(name)/\(index).png", width: 8, height: 8, .gray, label: 0, index: index)
            }
            let text = try place.run("evaluate run --data more")
            #expect(text.code == 0, "\(text.errors)")
            #expect(text.output.contains("data    more, test part\nimages  4\n"))
            #expect(text.output.contains("mean over 2 classes"))
            #expect(text.output.contains("no images, so in no mean: 0, 1, 2, 4, 5, 6, 8, 9"))
            let result = try json("evaluate run --set data.path=more")
            let counts = (result["perClass"] as? [[String: Any]])?.compactMap { $0["images"] as? Int }
            #expect(counts == [0, 0, 0, 2, 0, 0, 0, 2, 0, 0])
            #expect((result["classesWithoutImages"] as? [String])?.count == 8)
            try FileManager.default.moveItem(
                atPath: place.path + "/more/train/3", toPath: place.path + "/more/train/cat")
            try FileManager.default.moveItem(atPath: place.path + "/more/test/3", toPath: place.path + "/more/test/cat")
            try place.fail("evaluate run --data more", "more: the weights do not know the class 'cat'")
            try place.fail("flatness run --data small.yaml --set data.path=more", "do not know the class 'cat'")
        }

        @Test func productsInBFloat16ChangeAnswersLittle() throws {
            let (single, rounded) = (try json("evaluate run"), try json("evaluate run --precision bf16"))
            let losses = try [single, rounded].map { try #require($0["loss"] as? Double) }
            #expect(abs(losses[0] - losses[1]) < 0.01 * losses[0])
            try place.fail("evaluate run --precision half", "'fp32' and 'bf16'")
        }

        @Test func whatTrainingSaysOfTheDataIsSaidHere() throws {
            for index in 0..<20 {
                try PNG.write(
                    "\(place.path)/flat/\(index % 2)/\(index).png", width: 8, height: 8, .gray, label: index % 2,
                    index: index)
            }
            let evaluated = try place.run("evaluate run --data flat")
            #expect(
                evaluated.code == 0 && evaluated.errors.contains("flat has no parts, so all its 20 images"),
                "\(evaluated.errors)")
            let flat = try place.run("flatness run --data small.yaml --set data.path=flat --directions 1 --points 3")
            #expect(flat.code == 0 && flat.errors.contains("notice: flat has no test part"), "\(flat.errors)")
        }
    }
}
