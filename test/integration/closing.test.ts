import { once } from 'node:events'
import { createServer } from 'node:net'
import { expect, test } from 'vitest'
import { openAsAcceptor, readExchangeMessage } from '../support/scripted-halibut.ts'
import { createScriptedAgent, failureOf, nextLog } from '../support/world.ts'

test('closing the runtime ends a call whose connection is still in the TLS handshake', async () => {
  await using agent = await createScriptedAgent()
  const silent = createServer().listen(0)
  await once(silent, 'listening')
  const { port } = silent.address() as { port: number }
  const accepted = once(silent, 'connection')
  const failed = failureOf(agent.sayHello({ endpoint: { ...agent.endpoint, uri: `https://localhost:${port}/` } }))
  const discovered = failureOf(agent.runtime.discover(`https://localhost:${port}/`))
  await accepted
  await agent.runtime.close()
  expect(await failed).toMatchObject({ kind: 'closed', delivery: 'not_sent' })
  expect(await discovered).toMatchObject({ kind: 'closed' })
  silent.close()
})

test('closing the runtime ends the pause between two attempts', async () => {
  await using agent = await createScriptedAgent({ limits: { retryListeningSleepIntervalMs: 600_000 } })
  await agent.listener.close()
  const failedOnce = nextLog(agent.runtime, event => event.type === 'Error')
  const failed = failureOf(agent.sayHello())
  await failedOnce
  await agent.runtime.close()
  expect(await failed).toMatchObject({ kind: 'closed', delivery: 'not_sent' })
})

test('closing the runtime ends a call that waits for its response, and says that it may have run', async () => {
  await using agent = await createScriptedAgent()
  const failed = failureOf(agent.sayHello())
  const peer = await agent.listener.accept()
  await openAsAcceptor(peer)
  await readExchangeMessage(peer)
  await agent.runtime.close()
  expect(await failed).toMatchObject({ kind: 'closed', delivery: 'unknown' })
  expect(await failureOf(agent.sayHello())).toMatchObject({ kind: 'closed', delivery: 'not_sent' })
})
