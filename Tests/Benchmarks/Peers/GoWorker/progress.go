package main

import (
	"sync"

	"github.com/confluentinc/confluent-kafka-go/kafka"
)

// progress is what is known of one partition's jobs: those that were read, in order, and those that ended before the
// first unfinished one.
type progress struct {
	sync.Mutex
	partition kafka.TopicPartition
	order     []kafka.Offset
	ended     map[kafka.Offset]bool
}

func newProgress(partition kafka.TopicPartition) *progress {
	return &progress{partition: partition, ended: map[kafka.Offset]bool{}}
}

func (p *progress) begin(offset kafka.Offset) {
	p.Lock()
	defer p.Unlock()
	p.order = append(p.order, offset)
}

// end notes that a job has ended, and stores the offset up to which all have.
func (p *progress) end(consumer *kafka.Consumer, offset kafka.Offset) error {
	p.Lock()
	defer p.Unlock()
	p.ended[offset] = true
	n := 0
	for n < len(p.order) && p.ended[p.order[n]] {
		delete(p.ended, p.order[n])
		n++
	}
	if n == 0 {
		return nil
	}
	at := p.partition
	at.Offset = p.order[n-1] + 1
	p.order = p.order[n:]
	_, err := consumer.StoreOffsets([]kafka.TopicPartition{at})
	return err
}
