package main

import (
	"encoding/json"
	"log"
	"os"
	"sync/atomic"

	"github.com/confluentinc/confluent-kafka-go/kafka"
)

// worker moves jobs from the jobs topic to the service, and their events to the results topic.
type worker struct {
	consumer    *kafka.Consumer
	producer    *kafka.Producer
	service     *service
	results     string
	maxInFlight int64
	inFlight    int64
	isPaused    bool
}

// An event of a finished job.
type event struct {
	JobID     string `json:"jobId"`
	Status    string `json:"status"`
	RequestID string `json:"requestId,omitempty"`
	Files     []file `json:"files,omitempty"`
	Error     string `json:"error,omitempty"`
}

type file struct {
	Location string `json:"location"`
}

// position is the place of a job in its partition.
type position struct {
	*progress
	offset kafka.Offset
}

// run reads jobs until a signal arrives.
func (w *worker) run(stop <-chan os.Signal) {
	partitions := map[int32]*progress{}
	for {
		select {
		case <-stop:
			return
		default:
		}
		switch e := w.consumer.Poll(100).(type) {
		case *kafka.Message:
			partition := partitions[e.TopicPartition.Partition]
			if partition == nil {
				partition = newProgress(e.TopicPartition)
				partitions[e.TopicPartition.Partition] = partition
			}
			partition.begin(e.TopicPartition.Offset)
			atomic.AddInt64(&w.inFlight, 1)
			go w.process(e, position{partition, e.TopicPartition.Offset})
		case kafka.AssignedPartitions:
			w.check(w.consumer.Assign(e.Partitions))
		case kafka.RevokedPartitions:
			partitions = map[int32]*progress{}
			w.check(w.consumer.Unassign())
		case kafka.Error:
			log.Print("kafka: ", e)
		}
		w.limitIntake()
	}
}

// limitIntake pauses all partitions while too many jobs are in flight.
func (w *worker) limitIntake() {
	isFull := atomic.LoadInt64(&w.inFlight) >= w.maxInFlight
	if isFull == w.isPaused {
		return
	}
	w.isPaused = isFull
	partitions, err := w.consumer.Assignment()
	w.check(err)
	if isFull {
		w.check(w.consumer.Pause(partitions))
	} else {
		w.check(w.consumer.Resume(partitions))
	}
}

func (w *worker) check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// process runs one job to its end and publishes its event.
func (w *worker) process(message *kafka.Message, at position) {
	job, export, err := w.service.run(message.Value)
	result := event{
		JobID: job.JobID, Status: "completed", RequestID: export.RequestID, Files: []file{{export.BlobLocation}}}
	if err != nil {
		result = event{JobID: job.JobID, Status: "failed", Error: err.Error()}
	}
	value, err := json.Marshal(result)
	w.check(err)
	w.check(w.producer.Produce(&kafka.Message{
		TopicPartition: kafka.TopicPartition{Topic: &w.results, Partition: kafka.PartitionAny},
		Key:            message.Key, Value: value, Opaque: at}, nil))
}

// receiveDeliveries stores the offsets of jobs whose events are delivered.
func (w *worker) receiveDeliveries() {
	for e := range w.producer.Events() {
		message, isMessage := e.(*kafka.Message)
		if !isMessage {
			continue
		}
		w.check(message.TopicPartition.Error)
		at := message.Opaque.(position)
		if err := at.end(w.consumer, at.offset); err != nil {
			log.Print("offset not stored: ", err) // The partition was revoked; its next owner repeats the job.
		}
		atomic.AddInt64(&w.inFlight, -1)
	}
}
