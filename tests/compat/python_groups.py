"""Consumer groups through kafka-python: python_groups.py ADDRESS. Prints what happened; the test compares what it prints with what it
prints of Apache Kafka. Ends with "done", or throws."""
import logging
import sys
import threading
import time

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import NewTopic
from kafka.errors import KafkaError
from kafka.structs import OffsetAndMetadata

ADDRESS = sys.argv[1]
logging.basicConfig(level=logging.INFO, format='%(asctime)s %(name)s %(message)s')


def say(*what):
    print(*what, flush=True)


def attempt(what, call):
    try:
        result = call()
    except KafkaError as e:
        result = type(e).__name__
    say(f'{what}:', result)


def consumer(group, **more):
    return KafkaConsumer(bootstrap_servers=ADDRESS, group_id=group, auto_offset_reset='earliest', enable_auto_commit=False, session_timeout_ms=6000,
                         heartbeat_interval_ms=200, fetch_max_wait_ms=50, metadata_max_age_ms=1000, **more)


def settle(wanted):
    """Each polls in a thread of its own, and for long: a join that ends between two polls is begun again by kafka-python 3.0."""
    end = time.monotonic() + 40
    got, over = [], threading.Event()

    def poll(each):
        while not over.is_set():
            got.append(sum(len(records) for records in each.poll(1000).values()))

    threads = [threading.Thread(target=poll, args=(each,)) for each in wanted]
    for thread in threads:
        thread.start()
    try:
        while not all(len(each.assignment()) == count for each, count in wanted.items()):
            if time.monotonic() > end:
                raise AssertionError('not assigned after 40 s')
            time.sleep(0.05)
    finally:
        over.set()
        for thread in threads:
            thread.join()
    return sum(got)


def parts(partitions):
    return sorted(f'{p.topic}-{p.partition}' for p in partitions)


def main():
    admin = KafkaAdminClient(bootstrap_servers=ADDRESS)
    admin.create_topics([NewTopic('py', 4, 1)])
    producer = KafkaProducer(bootstrap_servers=ADDRESS)
    for i in range(40):
        producer.send('py', f'py-{i % 4} {i}'.encode(), partition=i % 4)
    producer.flush()
    one = consumer('py', client_id='one')
    one.subscribe(['py'])
    got = settle({one: 4})
    say('alone:', parts(one.assignment()))
    while got < 40:
        for partition, records in one.poll(100).items():
            got += sum(record.value.startswith(f'py-{partition.partition} '.encode()) for record in records)
    say('read', got)
    one.commit({TopicPartition('py', 0): OffsetAndMetadata(4, 'four', -1), TopicPartition('py', 1): OffsetAndMetadata(5, '', 0)})
    say('committed:', [one.committed(TopicPartition('py', p)) for p in range(4)])
    two = consumer('py', client_id='two')
    two.subscribe(['py'])
    settle({one: 2, two: 2})
    say('together:', parts(one.assignment() | two.assignment()))
    attempt('metadata too large', lambda: one.commit({next(iter(one.assignment())): OffsetAndMetadata(4, 'x' * 4097, -1)}))
    two.close()
    settle({one: 4})
    one.close()
    say('offsets:', sorted((f'{p.topic}-{p.partition}', o.offset, o.metadata) for p, o in admin.list_group_offsets(['py'])['py'].items()) if hasattr(admin, 'list_group_offsets')
        else sorted((f'{p.topic}-{p.partition}', o.offset, o.metadata) for p, o in admin.list_consumer_group_offsets('py').items()))
    say('done')


main()
