import Testing

@Suite struct OperationFixtureTests {
    @Test func doubleAgreesWithAnIndependentImplementation() throws {
        let fixtures = try OperationFixture.all()
        #expect(fixtures.count == 38)
        for fixture in fixtures {
            for (name, error) in try fixture.errors(as: Double.self) {
                #expect(error <= 1e-9, "\(fixture.name).\(name)")
            }
        }
    }

    @Test func floatAgreesWithAnIndependentImplementation() throws {
        for fixture in try OperationFixture.all() {
            for (name, error) in try fixture.errors(as: Float.self) {
                #expect(error <= 3e-5, "\(fixture.name).\(name)")
            }
        }
    }

    @Test(arguments: ["dw7", "dw7_tiny_map", "dw3_nobias", "dw3_stride2"])
    func theDepthwiseOperationAgreesToo(name: String) throws {
        let fixture = try #require(try OperationFixture.all().first { $0.name == name })
        for (part, error) in try fixture.errors(as: Double.self, depthwise: true) {
            #expect(error <= 1e-9, "\(name).\(part)")
        }
        for (part, error) in try fixture.errors(as: Float.self, depthwise: true) {
            #expect(error <= 3e-5, "\(name).\(part)")
        }
    }

    @Test func denseOperationsAgreeInDouble() throws {
        let fixtures = try OperationFixture.all(in: "dense")
        #expect(fixtures.count == 24)
        for fixture in fixtures {
            for (name, error) in try fixture.errors(as: Double.self) {
                #expect(error <= 1e-9, "\(fixture.name).\(name)")
            }
        }
    }

    @Test func denseOperationsAgreeInFloat() throws {
        for fixture in try OperationFixture.all(in: "dense") {
            for (name, error) in try fixture.errors(as: Float.self) {
                #expect(error <= 3e-5, "\(fixture.name).\(name)")
            }
        }
    }

    @Test func operationsOfDetectionAgreeInDouble() throws {
        let fixtures = try OperationFixture.all(in: "detection")
        #expect(fixtures.count == 25)
        for fixture in fixtures {
            for (name, error) in try fixture.errors(as: Double.self) {
                #expect(error <= 1e-9, "\(fixture.name).\(name)")
            }
        }
    }

    @Test func operationsOfDetectionAgreeInFloat() throws {
        for fixture in try OperationFixture.all(in: "detection") {
            for (name, error) in try fixture.errors(as: Float.self) {
                #expect(error <= 3e-5, "\(fixture.name).\(name)")
            }
        }
    }
}
