"""Which part of the worker a sample of its processor time belongs to, by the thread and the functions of its stack."""

import re

LOGGING, TELEMETRY = "logging", "UUIDs, spans and metrics"
CALLS, TASKS = "API calls and HTTP client", "Swift tasks and executors"
ENGINE, CONSUMING = "state machine, codecs, queue, Kafka client", "librdkafka's threads"
OTHER = "other"
UNKNOWN = ("[unknown]", "[unknown]")
PARTS = (LOGGING, CALLS, TASKS, ENGINE, CONSUMING, TELEMETRY, OTHER)

MODULES = {
    LOGGING: ("Logging",),
    TELEMETRY: ("Tracing", "Instrumentation", "ServiceContextModule", "CoreMetrics", "Metrics", "WorkerTelemetry"),
    CALLS: ("AsyncHTTPClient", "NIOCore", "NIOPosix", "NIOHTTP1", "NIOSSL", "NIOConcurrencyHelpers", "NIOTLS", "NIOEmbedded",
            "NIOHTTPCompression", "HTTPAccess", "PayoutAPI", "PayoutFilters", "EntraIdentity", "WorkerExports"),
    ENGINE: ("ExportCore", "ExportRecords", "SwiftProtobuf", "WorkerRuntime", "WorkerKafka", "KafkaClient"),
}
# Functions and libraries that belong to another part than the module, or that have none; before the modules.
SYMBOLS = (
    (LOGGING, re.compile(r"^\$s15WorkerTelemetry\d+[A-Za-z]{0,8}Log|JSONSerialization")),
    (TELEMETRY, re.compile(r"^\$s(10Foundation|20FoundationEssentials)4UUIDV|^_*uuid_|getrandom|arc4random"
                           r"|SystemRandomNumberGenerator|^\$s10HTTPAccess13HTTPTelemetry|^\$s13WorkerRuntime10JobTracing")),
    (CALLS, re.compile(r"CNIO|c_nio_")),
    (TASKS, re.compile(r"^_?swift_(task|job|continuation|async|defaultActor|executor)|^swift::.*(Task|Job|Actor|Executor)"
                       r"|^_?dispatch_|^\$sSc")),
)
LIBRARIES = ((ENGINE, "librdkafka"), (TASKS, "libswift_Concurrency"), (TASKS, "libdispatch"))
THREADS = (("rdk:", CONSUMING), ("log", LOGGING), ("NIO-ELT", CALLS), ("payout-engine", ENGINE), ("kafka-", ENGINE))

MANGLED = {f"{len(name)}{name}": part for part, names in MODULES.items() for name in names}
# The first module in a mangled name is the function's own.
MODULE = re.compile("|".join(sorted(MANGLED, key=len, reverse=True)))


def part_of_function(symbol, library):
    """The part of a function; None for one that any part may call, as `malloc`."""
    for part, pattern in SYMBOLS:
        if pattern.search(symbol):
            return part
    if symbol.startswith("$s") and (found := MODULE.search(symbol)):
        return MANGLED[found.group()]
    return next((part for part, name in LIBRARIES if name in library), None)


def attribute(thread, stack):
    """The part of a sample, and the function that decided it. The stack has pairs of a function and its library, the innermost
    first.

    The innermost function that has a part decides; but all that a log message causes is logging. Where the thread decides,
    the function is the innermost one.
    """
    innermost = stack[0] if stack else UNKNOWN
    if thread.startswith("rdk:"):
        return CONSUMING, innermost
    found = [(part, function) for function in stack if (part := part_of_function(*function))]
    found.sort(key=lambda pair: pair[0] != LOGGING)
    if found:
        return found[0]
    return next((part for name, part in THREADS if thread.startswith(name)), OTHER), innermost
