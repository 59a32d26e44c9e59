"""Tests of attribution.py."""

import unittest

from attribution import CALLS, CONSUMING, ENGINE, LOGGING, OTHER, TASKS, TELEMETRY, attribute

WORKER, SWIFT, LIBC = "/x/payout-worker", "/x/libswiftCore.so", "/x/libc.so.6"
MALLOC = ("malloc", LIBC)
RELEASE = ("swift_release", SWIFT)
DECIDE = ("$s10ExportCore13WorkerMachineV6handle_2atSayAA0C6ActionOGAA0C5EventO_AA0G4TimeVtF", WORKER)
LOOP = ("$s13WorkerRuntime0A4LoopC3run33_5AF3E2LLyyF", WORKER)
LOG = ("$s7Logging6LoggerV3log5level8metadatayAC5LevelO_SSSgtF", WORKER)
SEND = ("$s8NIOPosix19SelectableEventLoopC3run10taskQueueyyF", WORKER)
ENQUEUE = ("swift_task_enqueueGlobalImpl", "/x/libswift_Concurrency.so")
UUID = ("$s20FoundationEssentials4UUIDVACycfC", "/x/libFoundationEssentials.so")


def part_of(thread, stack):
    return attribute(thread, stack)[0]


class AttributionTests(unittest.TestCase):
    def test_innermost_function_of_a_part_decides(self):
        self.assertEqual(part_of("payout-engine", [MALLOC, RELEASE, DECIDE, LOOP]), ENGINE)
        self.assertEqual(part_of("NIO-ELT-0-#1", [ENQUEUE, SEND]), TASKS)
        self.assertEqual(part_of("NIO-ELT-0-#1", [DECIDE, SEND]), ENGINE)

    def test_function_of_the_part_is_named(self):
        self.assertEqual(attribute("payout-engine", [MALLOC, RELEASE, DECIDE, LOOP]), (ENGINE, DECIDE))
        self.assertEqual(attribute("payout-engine", [UUID, LOG, LOOP]), (LOGGING, LOG))
        self.assertEqual(attribute("payout-engine", [MALLOC, RELEASE]), (ENGINE, MALLOC))

    def test_all_that_a_log_message_causes_is_logging(self):
        self.assertEqual(part_of("payout-engine", [MALLOC, UUID, LOG, LOOP]), LOGGING)
        self.assertEqual(part_of("log", [("write", LIBC)]), LOGGING)

    def test_symbols_precede_modules(self):
        self.assertEqual(part_of("payout-engine", [("__getrandom", LIBC), LOOP]), TELEMETRY)
        self.assertEqual(part_of("payout-engine", [UUID, LOOP]), TELEMETRY)

    def test_parameters_do_not_decide(self):
        create = "$s9PayoutAPI0A6ClientC6create13idempotencyIDy10Foundation4UUIDV_tF"
        self.assertEqual(part_of("payout-worker", [MALLOC, (create, WORKER)]), CALLS)
        line, observe = "$s15WorkerTelemetry7LogLineV3addyySSF", "$s15WorkerTelemetry0A7MetricsV7observeyy7Logging6LoggerVF"
        self.assertEqual(part_of("payout-engine", [(line, WORKER)]), LOGGING)
        self.assertEqual(part_of("payout-engine", [(observe, WORKER)]), TELEMETRY)

    def test_threads_decide_about_librdkafka_and_stacks_without_a_part(self):
        self.assertEqual(part_of("rdk:broker1", [DECIDE]), CONSUMING)
        self.assertEqual(part_of("NIO-ELT-0-#1", [MALLOC]), CALLS)
        self.assertEqual(part_of("payout-worker", [("[unknown]", "[unknown]")]), OTHER)
        self.assertEqual(part_of("payout-worker", []), OTHER)


if __name__ == "__main__":
    unittest.main()
