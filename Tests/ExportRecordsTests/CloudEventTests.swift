import ExportCore
import ExportRecords
import Foundation
import Testing

private let job = #"{"jobId":"a","kind":"payments"}"#
private let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

private func structured(_ members: String, contentType: String = "application/cloudevents+json") -> JobInput {
    decode("{\(members)}", key: "a", headers: [("content-type", contentType)])
}

@Suite("Jobs in CloudEvents")
struct CloudEventTests {
    private let attributes = #""specversion":"1.0","id":"1","source":"/s","type":"t""#
    private let binaryHeaders = [("ce_specversion", "1.0"), ("ce_id", "1"), ("ce_source", "/s"), ("ce_type", "t")]

    @Test(arguments: [
        "application/cloudevents+json", "application/cloudevents+json; charset=UTF-8", "Application/CloudEvents+JSON;x",
        "application/cloudevents",
    ])
    func structuredModeIsRead(contentType: String) {
        let input = structured(#"\#(attributes),"data":\#(job)"#, contentType: contentType)
        #expect(input.job == ExportJob(id: "a", kind: .payments))
        #expect(input.keyIsJobID)
    }

    @Test(arguments: ["application/cloudevents+avro", "application/cloudevents-batch+json"])
    func otherCloudEventsFormatsAreRefused(contentType: String) throws {
        let input = structured(#"\#(attributes),"data":\#(job)"#, contentType: contentType)
        #expect(try #require(input.reason).contains(contentType))
    }

    @Test func dataInBase64IsRead() {
        let encoded = Data(job.utf8).base64EncodedString()
        #expect(structured(#"\#(attributes),"data_base64":"\#(encoded)""#).job?.id == "a")
        #expect(structured(#"\#(attributes),"data_base64":"\#(encoded)?""#).fields == ["data_base64"])
        #expect(structured(#"\#(attributes),"data_base64":7"#).fields == ["data_base64"])
    }

    @Test func base64OfAnyLengthIsDecoded() {
        for count in 0..<40 {
            let id = String(repeating: "x", count: count + 1)
            let encoded = Data(#"{"jobId":"\#(id)","action":"cancel"}"#.utf8).base64EncodedString()
            #expect(structured(#"\#(attributes),"data_base64":"\#(encoded)""#).cancelledID == id)
        }
    }

    @Test func invalidAttributesAndFieldsAreReported() {
        let input = structured(#""specversion":"0.3","id":"","source":7,"data":{"jobId":"a","kind":"x"}"#)
        #expect(input.fields == ["id", "kind", "source", "specversion", "type"])
        #expect(input.unreadableID == "a")
    }

    @Test func eventWithoutDataIsRefused() {
        #expect(structured(attributes).fields == ["data"])
        #expect(structured(attributes + #","data":null"#).fields == ["data"])
        #expect(structured(attributes + #","data":"text""#).fields == ["data"])
    }

    @Test func jobIDOfInvalidEventIsRead() {
        let input = structured(#"\#(attributes),"data":\#(job),"x":"#)
        #expect(input.unreadableID == "a")
        #expect(input.reason?.contains("not JSON") == true)
    }

    @Test func binaryModeIsRead() {
        let input = decode(job, key: "a", headers: binaryHeaders + [("content-type", "application/json")])
        #expect(input.job == ExportJob(id: "a", kind: .payments))
    }

    @Test(arguments: ["ce_specversion", "ce_id", "ce_source", "ce_type"])
    func binaryModeWithoutRequiredAttributeIsRefused(name: String) {
        let others = binaryHeaders.filter { $0.0 != name }
        for headers in [others, others + [(name, "")]] {
            let input = decode(job, headers: headers)
            #expect(input.fields == [name])
            #expect(input.unreadableID == "a")
        }
    }

    @Test func binaryModeWithOtherVersionIsRefused() {
        let input = decode(job, headers: binaryHeaders + [("ce_specversion", "1.1")])
        #expect(input.fields == ["ce_specversion"])
    }

    @Test func recordWithOtherContentTypeIsBareJob() {
        #expect(decode(job, headers: [("content-type", "application/json")]).job != nil)
        #expect(decode(job, headers: [("Content-Type", "text/plain")]).job != nil)
    }

    // MARK: Trace context

    @Test func traceContextIsPassedThrough() {
        let trace = TraceContext(parent: parent, state: "a=b")
        let headers = [("traceparent", parent), ("tracestate", "a=b")]
        #expect(decode(job, headers: headers).trace == trace)
        #expect(decode(#"{"jobId":"a","action":"cancel"}"#, headers: headers).trace == trace)
        #expect(decode("nothing", headers: headers).trace == trace)
        #expect(decode(job, headers: [("TraceParent", parent)]).trace == TraceContext(parent: parent))
    }

    @Test func traceContextIsReadFromEventWithoutHeader() {
        let extensions = #","traceparent":"\#(parent)","tracestate":"a=b""#
        #expect(
            structured(attributes + #","data":\#(job)"# + extensions).trace
                == TraceContext(parent: parent, state: "a=b")
        )
        let binary = binaryHeaders + [("ce_traceparent", parent)]
        #expect(decode(job, headers: binary).trace == TraceContext(parent: parent))
    }

    @Test(arguments: [
        "", "00", parent.uppercased(), parent + "-", parent + "0", "ff" + parent.dropFirst(2),
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        parent.replacingOccurrences(of: "-", with: "_"), "cc" + parent.dropFirst(2) + ".x", parent + "\r\nx: y",
    ])
    func invalidTraceParentIsDropped(parent: String) {
        #expect(decode(job, headers: [("traceparent", parent), ("tracestate", "a=b")]).trace == nil)
    }

    @Test func laterTraceContextVersionsAreAccepted() {
        let later = "cc" + parent.dropFirst(2) + "-what-will-come"
        #expect(decode(job, headers: [("traceparent", later)]).trace == TraceContext(parent: later))
    }

    @Test func invalidTraceStateIsDroppedAlone() {
        for state in ["", "a=\n", String(repeating: "x", count: 513)] {
            let headers = [("traceparent", parent), ("tracestate", state)]
            #expect(decode(job, headers: headers).trace == TraceContext(parent: parent))
        }
    }
}
