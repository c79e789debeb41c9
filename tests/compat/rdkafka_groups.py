"""Consumer groups through librdkafka (confluent-kafka): rdkafka_groups.py ADDRESS. Prints what happened; the test compares what it
prints with what it prints of Apache Kafka. Ends with "done", or throws."""
import sys
import time

from confluent_kafka import Consumer, ConsumerGroupTopicPartitions, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

ADDRESS = sys.argv[1]
ADMIN = AdminClient({'bootstrap.servers': ADDRESS})


def say(*what):
    print(*what, flush=True)


def attempt(what, call):
    try:
        result = call()
    except KafkaException as e:
        result = e.args[0].name()
    say(f'{what}:', result)


def until(what, condition):
    end = time.monotonic() + 40
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f'not after 40 s: {what}')


def consumer(group, **more):
    return Consumer({'bootstrap.servers': ADDRESS, 'group.id': group, 'auto.offset.reset': 'earliest', 'enable.auto.commit': False,
                     'session.timeout.ms': 6000, 'heartbeat.interval.ms': 200, 'fetch.wait.max.ms': 50, **{k.replace('_', '.'): v for k, v in more.items()}})


def settle(wanted):
    got = []

    def all_there():
        there = True
        for each, count in wanted.items():
            message = each.poll(0.05)
            if message is not None and not message.error():
                got.append(message)
            there &= len(each.assignment()) == count
        return there
    until('assigned', all_there)
    return got


def parts(partitions):
    return sorted(f'{p.topic}-{p.partition}' for p in partitions)


def read(consumers, count):
    def enough():
        for each in consumers:
            message = each.poll(0.05)
            if message is not None:
                assert not message.error(), message.error()
                assert message.value().startswith(f'{message.topic()}-{message.partition()} '.encode())
                read.got += 1
        return read.got >= count
    until(f'read {count}', enough)
    return read.got


def offsets(group, partitions=None):
    asked = [ConsumerGroupTopicPartitions(group, partitions)]
    result = list(ADMIN.list_consumer_group_offsets(asked).values())[0].result()
    return sorted(f'{p.topic}-{p.partition}={p.offset}/{p.metadata or ""}' for p in result.topic_partitions)


def describe(group):
    d = ADMIN.describe_consumer_groups([group], include_authorized_operations=True)[group].result()
    members = sorted(f'{m.host}{" as " + m.group_instance_id if m.group_instance_id else ""} has {len(m.assignment.topic_partitions)}' for m in d.members)
    return f'{d.state.name} assignor={d.partition_assignor} simple={d.is_simple_consumer_group} coordinator={d.coordinator.id >= 0} operations={sorted(o.name for o in d.authorized_operations)} {members}'


def a_cooperative_group():
    one, two = (consumer('rd-co', partition_assignment_strategy='cooperative-sticky') for _ in range(2))
    one.subscribe(['rd'])
    read.got = len(settle({one: 4}))
    say('alone:', parts(one.assignment()))
    say('read', read([one], 40))
    one.commit(offsets=[TopicPartition('rd', p, 5 + p) for p in range(4)], asynchronous=False)
    say('stable:', describe('rd-co'))
    two.subscribe(['rd'])
    settle({one: 2, two: 2})
    say('together:', sorted(parts(one.assignment()) + parts(two.assignment())))
    say('committed:', [p.offset for p in one.committed([TopicPartition('rd', p) for p in range(4)])])
    attempt('delete while it lives', lambda: ADMIN.delete_consumer_groups(['rd-co'])['rd-co'].result())
    attempt('commit of a partition that is not there', lambda: one.commit(offsets=[TopicPartition('rd', 99, 1)], asynchronous=False)[0].error.name())
    two.close()
    settle({one: 4})
    say('alone again:', parts(one.assignment()))
    one.close()
    until('empty', lambda: describe('rd-co').startswith('EMPTY'))
    say('empty:', describe('rd-co'))


def static_members():
    one = consumer('rd-st', group_instance_id='i1')
    one.subscribe(['rd'])
    settle({one: 4})
    say('static:', describe('rd-st'))
    one.close()
    back = consumer('rd-st', group_instance_id='i1')
    back.subscribe(['rd'])
    settle({back: 4})
    say('back:', describe('rd-st'))
    back.close()


def simple_groups():
    def alter(group, offset):
        asked = [ConsumerGroupTopicPartitions(group, [TopicPartition('rd', 0, offset), TopicPartition('rd', 1, 7)])]
        result = list(ADMIN.alter_consumer_group_offsets(asked).values())[0].result()
        return [str(p.error) for p in result.topic_partitions]
    attempt('alter', lambda: alter('rd-simple', 3))
    say('offsets:', offsets('rd-simple'))
    say('some:', offsets('rd-simple', [TopicPartition('rd', 0), TopicPartition('rd', 2)]))
    say('simple:', describe('rd-simple'))
    attempt('alter while it lives', lambda: alter('rd-st', 3))


def lists():
    result = ADMIN.list_consumer_groups().result()
    say('all:', sorted(f'{g.group_id} {g.state.name} {g.is_simple_consumer_group} {g.type.name}' for g in result.valid if g.group_id.startswith('rd-')), len(result.errors))
    attempt('delete a stranger', lambda: ADMIN.delete_consumer_groups(['nobody'])['nobody'].result())
    attempt('delete', lambda: ADMIN.delete_consumer_groups(['rd-co'])['rd-co'].result())
    say('offsets of what was deleted:', offsets('rd-co'))


def main():
    for future in ADMIN.create_topics([NewTopic('rd', 4, 1)]).values():
        future.result()
    producer = Producer({'bootstrap.servers': ADDRESS, 'enable.idempotence': True})
    for i in range(40):
        producer.produce('rd', f'rd-{i % 4} {i}', partition=i % 4)
    producer.flush(30)
    for each in (a_cooperative_group, static_members, simple_groups, lists):
        each()
    say('done')


main()
