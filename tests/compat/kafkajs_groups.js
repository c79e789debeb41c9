// Consumer groups through kafkajs: kafkajs_groups.js ADDRESS. Prints what happened; the test compares what it prints with what it prints of
// Apache Kafka. Ends with "done", or throws.
const { Kafka, logLevel } = require('kafkajs')
const kafka = new Kafka({ brokers: [process.argv[2]], clientId: 'js', logLevel: logLevel.NOTHING })
const say = (...what) => console.log(...what)

async function attempt(what, call) {
  try {
    say(`${what}:`, JSON.stringify(await call()))
  } catch (e) {
    say(`${what}:`, e.type ?? e.groups?.map(g => g.error.type).join() ?? e.name)
  }
}

// A consumer that has its parts and has read `count` records.
async function read(groupId, count) {
  const consumer = kafka.consumer({ groupId, sessionTimeout: 6000, heartbeatInterval: 500, maxWaitTimeInMs: 100 })
  await consumer.connect()
  await consumer.subscribe({ topics: ['js'], fromBeginning: true })
  let got = 0
  const assigned = new Promise(resolve => consumer.on(consumer.events.GROUP_JOIN, e => resolve(e.payload)))
  await new Promise((resolve, reject) => {
    setTimeout(() => reject(new Error(`read ${got} of ${count} in 40 s`)), 40000).unref()
    consumer.run({ autoCommit: false, eachMessage: async ({ partition, message }) => {
      if (!message.value.toString().startsWith(`js-${partition} `)) reject(new Error(message.value.toString()))
      if (++got === count) resolve()
    } })
  })
  const { groupProtocol, isLeader, memberAssignment } = await assigned
  say('read', got, groupProtocol, isLeader, JSON.stringify(memberAssignment))
  return consumer
}

async function main() {
  const admin = kafka.admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic: 'js', numPartitions: 4, replicationFactor: 1 }], waitForLeaders: true })
  const producer = kafka.producer({ idempotent: true })
  await producer.connect()
  await producer.send({ topic: 'js', messages: [...Array(40).keys()].map(i => ({ partition: i % 4, value: `js-${i % 4} ${i}` })) })
  await producer.disconnect()
  const consumer = await read('js', 40)
  await consumer.commitOffsets([0, 1, 2, 3].map(p => ({ topic: 'js', partition: p, offset: `${p + 3}`, metadata: `m${p}` })))
  const described = (await admin.describeGroups(['js'])).groups[0]
  say('stable:', described.state, described.protocol, described.protocolType, described.members.length, described.members[0].clientHost)
  await attempt('delete while it lives', () => admin.deleteGroups(['js']))
  await consumer.disconnect()
  say('offsets:', JSON.stringify(await admin.fetchOffsets({ groupId: 'js', topics: ['js'] })))
  await attempt('set', () => admin.setOffsets({ groupId: 'js', topic: 'js', partitions: [{ partition: 0, offset: '9' }] }))
  say('offsets:', JSON.stringify((await admin.fetchOffsets({ groupId: 'js', topics: ['js'] }))[0].partitions.map(p => p.offset).sort()))
  const again = await read('js', 40 - 9 - 4 - 5 - 6)
  await again.disconnect()
  say('all:', JSON.stringify((await admin.listGroups()).groups.filter(g => g.groupId === 'js').map(g => g.groupId + ' ' + g.protocolType).sort()))
  await attempt('delete a stranger', () => admin.deleteGroups(['nobody']))
  await attempt('delete', () => admin.deleteGroups(['js']))
  say('all:', JSON.stringify((await admin.listGroups()).groups.filter(g => g.groupId === 'js').map(g => g.groupId + ' ' + g.protocolType).sort()))
  await admin.disconnect()
  say('done')
}

main().catch(e => { console.error(e); process.exit(1) })
