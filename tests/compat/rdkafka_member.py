"""A member that lives: rdkafka_member.py ADDRESS TOPIC GROUP. For each line on stdin it reads one more record, commits, and says
"VALUE OFFSET GENERATION-BEGINS": how often it was given partitions so far."""
import sys

from confluent_kafka import Consumer

begins = 0


def assigned(_, partitions):
    global begins
    begins += len(partitions) > 0


consumer = Consumer({'bootstrap.servers': sys.argv[1], 'group.id': sys.argv[3], 'auto.offset.reset': 'earliest', 'enable.auto.commit': False, 'session.timeout.ms': 120000,
                     'heartbeat.interval.ms': 200, 'fetch.wait.max.ms': 50, 'log_level': 0, 'reconnect.backoff.max.ms': 500, 'topic.metadata.refresh.interval.ms': 1000})
consumer.subscribe([sys.argv[2]], on_assign=assigned)
for _ in sys.stdin:
    message = None
    while message is None or message.error():
        message = consumer.poll(0.1)
    committed = None
    while committed is None:  # while the coordinator moves, a commit is refused
        try:
            committed = consumer.commit(message, asynchronous=False)[0].offset
        except Exception as e:
            print(e, file=sys.stderr, flush=True)
    print(message.value().decode(), committed, begins, flush=True)
consumer.close()
