// Consumer groups through franz-go: franz groups ADDRESS. Prints what happened; the test compares what it prints with what it prints of
// Apache Kafka. Ends with "done", or says what was wrong.
package main

import (
	"context"
	"fmt"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// A consumer, what it was given, and what it has read.
type member struct {
	*kgo.Client
	sync.Mutex
	parts map[int32]bool
	got   int
}

func join(address, group string, more ...kgo.Opt) *member {
	m := &member{parts: map[int32]bool{}}
	change := func(assigned bool) func(context.Context, *kgo.Client, map[string][]int32) {
		return func(_ context.Context, _ *kgo.Client, parts map[string][]int32) {
			m.Lock()
			defer m.Unlock()
			for _, p := range parts["go"] {
				if assigned {
					m.parts[p] = true
				} else {
					delete(m.parts, p)
				}
			}
		}
	}
	options := append([]kgo.Opt{kgo.SeedBrokers(address), kgo.ConsumerGroup(group), kgo.ConsumeTopics("go"), kgo.DisableAutoCommit(),
		kgo.SessionTimeout(6 * time.Second), kgo.HeartbeatInterval(200 * time.Millisecond), kgo.FetchMaxWait(50 * time.Millisecond),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.OnPartitionsAssigned(change(true)), kgo.OnPartitionsRevoked(change(false)), kgo.OnPartitionsLost(change(false))}, more...)
	client, err := kgo.NewClient(options...)
	must(err, "a consumer")
	m.Client = client
	return m
}

func (m *member) count() int {
	m.Lock()
	defer m.Unlock()
	return len(m.parts)
}

// Polls until each member has as many partitions as it should, and the first has read `read` records.
func settle(read int, wanted map[*member]int) {
	for end := time.Now().Add(40 * time.Second); ; {
		there := true
		for m, count := range wanted {
			ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
			m.PollFetches(ctx).EachRecord(func(r *kgo.Record) {
				check(strings.HasPrefix(string(r.Value), fmt.Sprintf("go-%d ", r.Partition)), "%s", r.Value)
				m.got++
			})
			cancel()
			there = there && m.count() == count && m.got >= read
		}
		if there {
			return
		}
		check(time.Now().Before(end), "not settled after 40 s")
	}
}

func code(c int16) string {
	if err := kerr.ErrorForCode(c); err != nil {
		return err.(*kerr.Error).Message
	}
	return "ok"
}

func describe(ctx context.Context, client *kgo.Client, group string) string {
	request := kmsg.NewPtrDescribeGroupsRequest()
	request.Groups = []string{group}
	response, err := request.RequestWith(ctx, client)
	must(err, "describe")
	g := response.Groups[0]
	var members []string
	for _, m := range g.Members {
		instance := ""
		if m.InstanceID != nil {
			instance = " as " + *m.InstanceID
		}
		members = append(members, m.ClientID+m.ClientHost+instance)
	}
	sort.Strings(members)
	return fmt.Sprint(code(g.ErrorCode), " ", g.State, " ", g.ProtocolType, " ", g.Protocol, " ", members)
}

func offsets(ctx context.Context, client *kgo.Client, group string) string {
	request := kmsg.NewPtrOffsetFetchRequest()
	g := kmsg.NewOffsetFetchRequestGroup()
	g.Group = group
	request.Groups = append(request.Groups, g)
	request.RequireStable = true
	response, err := request.RequestWith(ctx, client)
	must(err, "fetch offsets")
	var all []string
	for _, t := range response.Groups[0].Topics {
		for _, p := range t.Partitions {
			all = append(all, fmt.Sprintf("%d=%d/%v", p.Partition, p.Offset, *p.Metadata != "")) // the metadata is a member id
		}
	}
	sort.Strings(all)
	return code(response.Groups[0].ErrorCode) + " " + strings.Join(all, " ")
}

func remove(ctx context.Context, client *kgo.Client, group string) string {
	request := kmsg.NewPtrDeleteGroupsRequest()
	request.Groups = []string{group}
	response, err := request.RequestWith(ctx, client)
	must(err, "delete")
	return code(response.Groups[0].ErrorCode)
}

func groups(address string) {
	ctx, cancel := context.WithTimeout(context.Background(), 120*time.Second)
	defer cancel()
	client, err := kgo.NewClient(kgo.SeedBrokers(address), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	must(err, "a client")
	creation := kmsg.NewPtrCreateTopicsRequest()
	topic := kmsg.NewCreateTopicsRequestTopic()
	topic.Topic, topic.NumPartitions, topic.ReplicationFactor = "go", 4, 1
	creation.Topics = append(creation.Topics, topic)
	_, err = creation.RequestWith(ctx, client)
	must(err, "create")
	for i := range 40 {
		r := &kgo.Record{Topic: "go", Partition: int32(i % 4), Value: fmt.Appendf(nil, "go-%d %d", i%4, i)}
		must(client.ProduceSync(ctx, r).FirstErr(), "produce")
	}

	one := join(address, "go-cooperative", kgo.ClientID("one"))
	settle(40, map[*member]int{one: 4})
	fmt.Println("alone, read", one.got)
	must(one.CommitMarkedOffsets(ctx), "commit nothing")
	one.CommitOffsetsSync(ctx, map[string]map[int32]kgo.EpochOffset{"go": {0: {Epoch: 0, Offset: 3}, 1: {Epoch: -1, Offset: 4}}},
		func(_ *kgo.Client, _ *kmsg.OffsetCommitRequest, response *kmsg.OffsetCommitResponse, err error) {
			must(err, "commit")
			for _, p := range response.Topics[0].Partitions {
				fmt.Println("commit:", code(p.ErrorCode))
			}
		})
	fmt.Println("stable:", describe(ctx, client, "go-cooperative"))
	two := join(address, "go-cooperative", kgo.ClientID("two"))
	settle(0, map[*member]int{one: 2, two: 2})
	fmt.Println("together:", describe(ctx, client, "go-cooperative"))
	fmt.Println("delete while it lives:", remove(ctx, client, "go-cooperative"))
	two.Close()
	settle(0, map[*member]int{one: 4})
	one.Close()
	fmt.Println("empty:", describe(ctx, client, "go-cooperative"))
	fmt.Println("offsets:", offsets(ctx, client, "go-cooperative"))

	static := join(address, "go-static", kgo.InstanceID("i1"), kgo.Balancers(kgo.RangeBalancer()))
	settle(0, map[*member]int{static: 4})
	fmt.Println("static:", describe(ctx, client, "go-static"))
	static.Close()
	fmt.Println("gone, but not left:", describe(ctx, client, "go-static"))
	back := join(address, "go-static", kgo.InstanceID("i1"), kgo.Balancers(kgo.RangeBalancer()))
	settle(0, map[*member]int{back: 4})
	leave := kmsg.NewPtrLeaveGroupRequest()
	leave.Group = "go-static"
	for _, instance := range []string{"i1", "i2"} {
		m := kmsg.NewLeaveGroupRequestMember()
		m.InstanceID = kmsg.StringPtr(instance)
		leave.Members = append(leave.Members, m)
	}
	left, err := leave.RequestWith(ctx, client)
	must(err, "leave")
	for _, m := range left.Members {
		fmt.Println("leaves:", *m.InstanceID, code(m.ErrorCode))
	}
	back.Close()
	fmt.Println("delete:", remove(ctx, client, "go-cooperative"))
	fmt.Println("deleted:", describe(ctx, client, "go-cooperative"))
	client.Close()
	fmt.Println("done")
}
