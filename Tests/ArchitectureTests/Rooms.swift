/// Which room may import which: the arrows of the package. Modules of other packages are not listed; the manifest
/// names those, and the build checks them.
enum Rooms {
    /// Each room below `Sources`, and the rooms that it may import.
    static let arrows: [String: Set<String>] = [
        "CRDKafka": [],
        "KafkaClient": ["CRDKafka", "Primitives"],
        "EmbeddedKafka": ["CRDKafka"],
        "Primitives": [],
        "PayoutFilters": [],
        "HTTPAccess": ["Primitives"],
        "EntraIdentity": ["HTTPAccess", "Primitives"],
        "PayoutAPI": ["EntraIdentity", "HTTPAccess", "PayoutFilters", "Primitives"],
        "HTTPListening": [],
        "PayoutSandbox": ["HTTPListening", "Primitives"],
        "ExportCore": [],
        "ExportRecords": ["ExportCore", "PayoutFilters", "Primitives"],
        "FileStores": ["EntraIdentity", "HTTPAccess", "Primitives"],
        "WorkerRuntime": ["ExportCore", "ExportRecords", "Primitives"],
        "WorkerKafka": ["WorkerRuntime", "ExportCore", "ExportRecords", "KafkaClient", "Primitives"],
        "WorkerExports": [
            "WorkerRuntime", "ExportCore", "EntraIdentity", "HTTPAccess", "PayoutAPI", "PayoutFilters", "FileStores",
            "Primitives",
        ],
        "WorkerTelemetry": ["WorkerRuntime", "ExportCore", "HTTPAccess", "Primitives"],
        "WorkerConsole": [
            "HTTPListening", "WorkerRuntime", "WorkerTelemetry", "ExportCore", "ExportRecords", "Primitives",
        ],
        // The command wires everything; the C library it leaves to the two rooms that wrap it.
        "payout-worker": [
            "KafkaClient", "EmbeddedKafka", "EntraIdentity", "HTTPAccess", "PayoutFilters", "PayoutAPI",
            "PayoutSandbox", "ExportCore",
            "ExportRecords", "FileStores", "Primitives", "WorkerRuntime", "WorkerKafka", "WorkerExports",
            "WorkerTelemetry", "WorkerConsole",
        ],
    ]

    /// Rooms that import nothing at all, the standard library's companions included.
    static let withoutImports: Set<String> = ["ExportCore", "PayoutFilters"]

    /// Rooms whose texts name no settings and no commands. The others' texts are for operators, or, as the sandbox's, the
    /// settings themselves; the remedies of EntraIdentity name the command that signs in.
    static let withoutSettings = Set(arrows.keys).subtracting([
        command, "WorkerConsole", "WorkerTelemetry", "PayoutSandbox", "EntraIdentity",
    ])

    /// The one room that reads the environment and ends the process.
    static let command = "payout-worker"

    /// What a file of a room imports and must not.
    ///
    /// - Parameter testModules: the names of everything below `Tests`.
    static func forbiddenImports(
        of room: String,
        in source: SwiftText,
        testModules: Set<String>
    ) -> [(line: Int, module: String)] {
        let allowed = arrows[room] ?? []
        return source.imports.filter { _, module in
            if withoutImports.contains(room) { return true }
            if testModules.contains(module) { return true }
            return arrows[module] != nil && !allowed.contains(module)
        }
    }

    /// The lines that read the environment or end the process.
    static func linesOfTheCommandOnly(_ source: SwiftText) -> [Int] {
        // Plain words first: a regular expression on every line of the sources takes its time.
        source.lines.filter { _, text in
            (text.contains("environ") || text.contains("getenv")) && text.contains(readsEnvironment)
                || text.contains("exit") && text.contains(endsProcess)
        }.map(\.number)
    }

    // The simple kind: by Unicode's rules there is no boundary at the dot of `a.b`.
    private static var readsEnvironment: Regex<Substring> {
        /\bProcessInfo\b.*\.environment\b|\b(?:secure_)?getenv\s*\(|\benviron\b/.wordBoundaryKind(.simple)
    }

    private static var endsProcess: Regex<Substring> {
        /(?:^|[^\w.])_?exit\s*\(|\b(?:Glibc|Musl|Darwin|Foundation)\._?exit\s*\(|\bquick_exit\s*\(/
            .wordBoundaryKind(.simple)
    }
}
