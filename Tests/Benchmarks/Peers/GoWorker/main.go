// The worker that a Go team would write, for comparison: confluent-kafka-go and net/http, a goroutine for each job.
//
// It is at-least-once and keeps no state: a partition's offset is committed up to its first unfinished job, so a crash
// repeats all jobs after it. The ms-requestid is derived from the job id, so a repeated job adopts its export. No
// transactions, deduplication, cancellation, files, metrics or logs of jobs. It reads the settings of our worker.
//
//	GO111MODULE=off GOPATH=/usr/share/gocode go build -o go-worker ./GoWorker
package main

import (
	"log"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"github.com/confluentinc/confluent-kafka-go/kafka"
)

// setting returns a setting from the environment, or `otherwise`; without either, the process ends.
func setting(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	if otherwise == "" {
		log.Fatal(name, " is not set")
	}
	return otherwise
}

func number(name, otherwise string) int {
	n, err := strconv.Atoi(setting(name, otherwise))
	if err != nil {
		log.Fatal(name, ": ", err)
	}
	return n
}

func interval(name, otherwise string) time.Duration {
	d, err := time.ParseDuration(setting(name, otherwise))
	if err != nil {
		log.Fatal(name, ": ", err)
	}
	return d
}

func main() {
	servers := setting("KAFKA_BOOTSTRAP_SERVERS", "")
	producer, err := kafka.NewProducer(&kafka.ConfigMap{
		"bootstrap.servers": servers, "enable.idempotence": true, "linger.ms": 5,
		"queue.buffering.max.messages": 1000000})
	if err != nil {
		log.Fatal(err)
	}
	consumer, err := kafka.NewConsumer(&kafka.ConfigMap{
		"bootstrap.servers": servers, "group.id": setting("KAFKA_GROUP_ID", "payout-export-workers"),
		"auto.offset.reset": "earliest", "enable.auto.offset.store": false, "auto.commit.interval.ms": 1000,
		"go.application.rebalance.enable": true})
	if err != nil {
		log.Fatal(err)
	}
	if err := consumer.Subscribe(setting("KAFKA_TOPICS_JOBS", "payout.export.jobs"), nil); err != nil {
		log.Fatal(err)
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	worker := &worker{
		consumer: consumer, producer: producer, service: newService(),
		results:     setting("KAFKA_TOPICS_RESULTS", "payout.export.results"),
		maxInFlight: int64(number("WORKER_MAX_IN_FLIGHT", "200000")),
	}
	go worker.receiveDeliveries()
	worker.run(stop)
	producer.Flush(15000)
	if err := consumer.Close(); err != nil {
		log.Print(err)
	}
}
