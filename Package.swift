// swift-tools-version: 6.2
// The floor plan: rooms know what a password reset is, tools do not. Every arrow stands here, and points down.
import PackageDescription

let strict: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("ImmutableWeakCaptures"),
    .enableUpcomingFeature("InferIsolatedConformances"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

/// A target of this package sees its own kind by name, a library by its product.
func seen(_ names: [String]) -> [Target.Dependency] {
    let libraries: [String: Target.Dependency] = [
        "GRDB": .product(name: "GRDB", package: "GRDB.swift"),
        "Mustache": .product(name: "Mustache", package: "swift-mustache"),
        "Logging": .product(name: "Logging", package: "swift-log"),
        "ArgumentParser": .product(name: "ArgumentParser", package: "swift-argument-parser"),
        "ServiceLifecycle": .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        "UnixSignals": .product(name: "UnixSignals", package: "swift-service-lifecycle"),
    ]
    return names.map { libraries[$0] ?? .target(name: $0) }
}

/// A room knows what a password reset is.
func room(_ name: String, sees names: String..., resources: [Resource] = []) -> Target {
    .target(
        name: name, dependencies: seen(names), path: "Sources/\(name)", resources: resources,
        swiftSettings: strict + [.strictMemorySafety()])
}

/// A tool could be lifted into another project as it is. Those that wrap C hold the pointers; all else is memory-safe.
func tool(_ name: String, sees names: String..., wrapsC: Bool = false) -> Target {
    .target(
        name: name, dependencies: seen(names), path: "Sources/Workshop/\(name)",
        swiftSettings: wrapsC ? strict : strict + [.strictMemorySafety()])
}

/// Headers and the few shims that Swift cannot import by itself: macros and variadic functions.
func c(_ name: String, links libraries: String...) -> Target {
    .target(
        name: name, path: "Sources/Workshop/\(name)", publicHeadersPath: "include",
        linkerSettings: libraries.map { .linkedLibrary($0) })
}

func tests(_ name: String, sees names: String..., resources: [Resource] = []) -> Target {
    .testTarget(
        name: "\(name)Tests", dependencies: seen(names), path: "Tests/\(name)Tests", resources: resources,
        swiftSettings: strict)
}

let package = Package(
    name: "keyturn",
    platforms: [.macOS(.v15)],
    products: [.executable(name: "keyturn", targets: ["Command"])],
    dependencies: [
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", exact: "2.1.1"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
    ],
    targets: [
        // The front door
        .executableTarget(
            name: "Command",
            dependencies: seen([
                "Web", "Mailroom", "SQLiteStorage", "ForeignUsers", "Keyturn", "HTTPServer", "HTTPClient", "HTTP",
                "TLS", "Sockets",
                "JWT",
                "PasswordHashing", "Cryptography", "StrictJSON", "Telemetry",
                "Templating", "Palettes", "Wording", "Languages", "ArgumentParser", "ServiceLifecycle", "UnixSignals",
                "Logging",
            ]),
            path: "Sources/Command", swiftSettings: strict + [.strictMemorySafety()]),

        // Rooms: Web, Mailroom and SQLiteStorage never see each other
        room(
            "Web", sees: "Keyturn", "HTTP", "StrictJSON", "Cryptography", "Telemetry", "Templating", "Palettes",
            "Wording", "Languages", "Logging", "Mustache",
            resources: [.embedInCode("Templates"), .embedInCode("Assets")]),
        room(
            "Mailroom", sees: "Keyturn", "Cryptography", "HTTP", "HTTPClient", "Processes", "StrictJSON", "Telemetry",
            "Templating", "Palettes", "Wording", "Languages", "Mustache", "Logging",
            resources: [.embedInCode("Templates")]),
        room(
            "SQLiteStorage", sees: "Keyturn", "PasswordHashing", "Cryptography", "Migrations", "Telemetry", "GRDB",
            "Logging"),
        room(
            "ForeignUsers", sees: "Keyturn", "PasswordHashing", "Cryptography", "StrictJSON", "HTTP", "HTTPClient",
            "GRDB", "Telemetry", "Logging"),
        room("Keyturn", sees: "JWT", "PasswordHashing", "Cryptography", "StrictJSON", "CommonPasswords"),
        .target(
            name: "Migrations", path: "migrations", sources: ["Migrations.swift"],
            resources: [
                .embedInCode("0001_users.sql"), .embedInCode("0002_outbox.sql"),
                .embedInCode("0003_audit.sql"), .embedInCode("0004_reports.sql"),
                .embedInCode("0005_webhooks.sql"), .embedInCode("0006_epoch_base.sql"),
                .embedInCode("0007_answers.sql"), .embedInCode("0008_intake.sql"),
                .embedInCode("0009_account_life.sql"),
                .embedInCode("0011_address_spellings.sql"),
                .embedInCode("0012_intents.sql"),
            ],
            swiftSettings: strict + [.strictMemorySafety()]),

        .target(
            name: "Languages", dependencies: seen(["Wording"]), path: "languages", sources: ["Languages.swift"],
            resources: [
                "ar", "de", "en", "es", "fr", "he", "hi", "it", "ja", "nl", "pl", "pt", "tr", "uk", "zh",
            ].map { .embedInCode("\($0).json") },
            swiftSettings: strict + [.strictMemorySafety()]),

        // Workshop: mathematics
        tool("JWT", sees: "Cryptography", "StrictJSON"),
        tool("PasswordHashing", sees: "Cryptography"),
        tool("StrictJSON"),
        tool("Templating", sees: "Mustache"),
        tool("Wording", sees: "StrictJSON"),
        tool("Palettes"),
        tool("CommonPasswords", sees: "CCommonPasswords"),
        tool("Cryptography", sees: "COpenSSL", "CCrypt", "CArgon2", wrapsC: true),

        // Workshop: the world
        tool("HTTPServer", sees: "HTTP", "Sockets", "Telemetry"),
        tool("HTTPClient", sees: "HTTP", "TLS", "Sockets"),
        tool("HTTP"),
        tool("Processes", sees: "CProcesses", wrapsC: true),
        tool("TLS", sees: "Sockets", "COpenSSL", wrapsC: true),
        tool("Sockets", sees: "CLinux", wrapsC: true),
        tool("Telemetry", sees: "Logging"),
        c("COpenSSL", links: "ssl", "crypto"),
        c("CCrypt", links: "crypt"),
        c("CArgon2"),
        c("CLinux"),
        c("CProcesses"),
        .target(
            name: "CCommonPasswords", path: "passwords", exclude: ["common.txt", "make-common", "README.md"],
            publicHeadersPath: "include"),

        // Benchmarks: what scripts/bench runs beside its peers
        .executableTarget(
            name: "MailClient", dependencies: seen(["HTTPClient", "HTTP", "TLS", "Sockets"]),
            path: "Benchmarks/mail/client", swiftSettings: strict),
        .executableTarget(
            name: "LimiterFlood", dependencies: seen(["Keyturn"]), path: "Benchmarks/limiter/flood",
            swiftSettings: strict),

        // Tests
        .target(
            name: "TestKit",
            dependencies: seen([
                "Keyturn", "HTTP", "TLS", "Sockets", "StrictJSON", "PasswordHashing", "Cryptography", "COpenSSL",
                "Logging",
            ]),
            path: "Tests/TestKit", swiftSettings: strict),
        tests("Cryptography", sees: "Cryptography"),
        tests("StrictJSON", sees: "StrictJSON"),
        tests("Templating", sees: "Templating", "Mustache"),
        tests("Palettes", sees: "Palettes"),
        tests("CommonPasswords", sees: "CommonPasswords"),
        tests("Wording", sees: "Wording", "Languages"),
        tests("JWT", sees: "JWT", "Cryptography", "StrictJSON"),
        tests(
            "PasswordHashing", sees: "PasswordHashing", "Cryptography", "StrictJSON", resources: [.copy("Cases")]),
        tests(
            "Keyturn", sees: "Keyturn", "JWT", "PasswordHashing", "Cryptography", "StrictJSON", "TestKit",
            resources: [.copy("Vectors")]),
        tests("HTTP", sees: "HTTP"),
        tests("Sockets", sees: "Sockets"),
        tests("HTTPServer", sees: "HTTPServer", "HTTP", "Sockets", "Telemetry"),
        tests("TLS", sees: "TLS", "Sockets", "TestKit"),
        tests("HTTPClient", sees: "HTTPClient", "HTTP", "TLS", "Sockets", "StrictJSON", "TestKit"),
        tests("Processes", sees: "Processes"),
        tests("Telemetry", sees: "Telemetry", "Logging"),
        tests(
            "SQLiteStorage", sees: "SQLiteStorage", "Keyturn", "PasswordHashing", "Migrations", "Telemetry", "GRDB",
            "Logging",
            "TestKit",
            resources: [.copy("Schemas")]),
        tests(
            "Mailroom", sees: "Mailroom", "Keyturn", "Wording", "PasswordHashing", "Cryptography", "HTTP", "HTTPClient",
            "TLS",
            "Sockets",
            "StrictJSON", "Telemetry", "Logging", "TestKit"),
        tests(
            "Web", sees: "Web", "Keyturn", "HTTP", "StrictJSON", "PasswordHashing", "Cryptography", "Telemetry",
            "Logging", "Mustache", "Templating", "Palettes", "Wording", "Languages", "TestKit"),
        tests(
            "Command", sees: "Command", "SQLiteStorage", "Keyturn", "HTTPClient", "PasswordHashing", "Cryptography",
            "StrictJSON", "Telemetry", "Wording", "TestKit"),
        tests(
            "ForeignUsers", sees: "ForeignUsers", "SQLiteStorage", "Keyturn", "PasswordHashing", "Cryptography",
            "StrictJSON", "HTTP", "HTTPClient", "Sockets", "GRDB", "Telemetry", "Logging", "TestKit"),
        tests("Service", sees: "Keyturn", "Cryptography", "StrictJSON", "HTTP", "GRDB", "TestKit"),
    ]
)
