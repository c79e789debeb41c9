// Records through franz-go: franz ADDRESS. Three rounds; after each it prints "round N" and waits for a line on stdin, while the test
// restarts or kills the broker. The clients live through all of them. Ends with "done", or says what was wrong.
package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

const each = 300 // records a round and topic

// Now, as timestamps are: of producers whose newest record is older than producer.id.expiration.ms a restarted broker knows nothing.
var start = time.Now().UnixMilli()

var codecs = map[string]kgo.CompressionCodec{
	"none": kgo.NoCompression(), "gzip": kgo.GzipCompression(), "snappy": kgo.SnappyCompression(), "lz4": kgo.Lz4Compression(), "zstd": kgo.ZstdCompression(),
}

func must(err error, what string) {
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", what, err)
		os.Exit(1)
	}
}

func check(holds bool, format string, arguments ...any) {
	if !holds {
		must(fmt.Errorf(format, arguments...), "wrong")
	}
}

func record(topic string, i int) *kgo.Record {
	r := &kgo.Record{Topic: topic, Partition: 0, Timestamp: time.UnixMilli(start + int64(i)), Key: fmt.Appendf(nil, "key-%d", i)}
	if i%5 == 0 {
		r.Key = nil
	}
	if i%7 != 1 {
		size := 1 + i%500
		if i%100 == 50 {
			size = 900_000
		}
		r.Value = bytes.Repeat([]byte{byte(i)}, size)
	}
	for h := 0; h < i%3; h++ {
		header := kgo.RecordHeader{Key: fmt.Sprint("h", h)}
		if h == 1 {
			header.Value = fmt.Appendf(nil, "x%d", i)
		}
		r.Headers = append(r.Headers, header)
	}
	return r
}

func same(got, want *kgo.Record, offset int) bool {
	equal := func(a, b []byte) bool { return (a == nil) == (b == nil) && bytes.Equal(a, b) }
	ok := got.Offset == int64(offset) && got.Timestamp.Equal(want.Timestamp) && equal(got.Key, want.Key) && equal(got.Value, want.Value) && len(got.Headers) == len(want.Headers)
	for i := range want.Headers {
		ok = ok && got.Headers[i].Key == want.Headers[i].Key && equal(got.Headers[i].Value, want.Headers[i].Value)
	}
	return ok
}

// Reads every topic from where `next` stands to `end`.
func consume(ctx context.Context, client *kgo.Client, next map[string]int, end int) {
	for behind := true; behind; {
		fetches := client.PollFetches(ctx)
		must(fetches.Err0(), "consume")
		fetches.EachRecord(func(got *kgo.Record) {
			i := next[got.Topic]
			check(same(got, record(got.Topic, i), i), "%s: at offset %d is not record %d", got.Topic, got.Offset, i)
			next[got.Topic]++
		})
		behind = false
		for _, at := range next {
			behind = behind || at < end
		}
	}
}

func create(ctx context.Context, client *kgo.Client, name string) {
	request, topic := kmsg.NewPtrCreateTopicsRequest(), kmsg.NewCreateTopicsRequestTopic()
	topic.Topic, topic.NumPartitions, topic.ReplicationFactor = name, 1, 1
	request.Topics = append(request.Topics, topic)
	response, err := request.RequestWith(ctx, client)
	must(err, "create")
	check(response.Topics[0].ErrorCode == 0, "create %s: error %d", name, response.Topics[0].ErrorCode)
}

func main() {
	if os.Args[1] == "groups" {
		groups(os.Args[2])
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Second)
	defer cancel()
	seeds := kgo.SeedBrokers(os.Args[1])
	producers, next, whole := map[string]*kgo.Client{}, map[string]int{}, map[string]map[int32]kgo.Offset{}
	for codec, compression := range codecs {
		topic := "franz-" + codec
		client, err := kgo.NewClient(seeds, kgo.ProducerBatchCompression(compression), kgo.RecordPartitioner(kgo.ManualPartitioner())) // idempotent, acks=all: the defaults
		must(err, "client")
		create(ctx, client, topic)
		producers[topic], next[topic], whole[topic] = client, 0, map[int32]kgo.Offset{0: kgo.NewOffset().AtStart()}
	}
	consumer, err := kgo.NewClient(seeds, kgo.ConsumePartitions(whole))
	must(err, "client")
	stdin := bufio.NewReader(os.Stdin)
	for round := range 3 {
		for topic, client := range producers {
			var records []*kgo.Record
			for i := round * each; i < (round+1)*each; i++ {
				records = append(records, record(topic, i))
			}
			for _, result := range client.ProduceSync(ctx, records...) {
				must(result.Err, "produce")
				i := result.Record.Timestamp.UnixMilli() - start // results come in the order in which batches are finished
				check(result.Record.Offset == i, "%s: record %d was acknowledged at offset %d", topic, i, result.Record.Offset)
			}
		}
		consume(ctx, consumer, next, (round+1)*each)
		fmt.Println("round", round)
		stdin.ReadString('\n')
	}
	again, err := kgo.NewClient(seeds, kgo.ConsumePartitions(whole))
	must(err, "client")
	for topic := range next {
		next[topic] = 0
	}
	consume(ctx, again, next, 3*each)
	fmt.Println("done")
}
