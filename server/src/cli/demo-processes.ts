import { type ChildProcess, fork } from 'node:child_process'
import { join } from 'node:path'
import { checkContract } from '@halibut-gateway/schemas'
import type { Contract } from '@halibut-gateway/schemas/contract'
import { HalibutError } from '../base/errors.ts'
import { demoFile } from './demo-file.ts'

/** What a demo agent says about itself before it begins. */
export interface DemoAgent {
  readonly id: string
  readonly name: string
  readonly uri: string
  readonly thumbprint: string
  readonly contracts: readonly Contract[]
  readonly pid: number
  /** Lets it begin: the gateway knows and trusts it now. */
  begin(): void
  /** Ends its process; by force after two seconds. */
  stop(): Promise<void>
}

/** What a demo agent is started with. */
export interface DemoAgentOptions {
  readonly mode: 'listening' | 'polling'
  readonly stateFolder: string
  readonly gatewayThumbprint: string
  /** Where a polling agent polls. */
  readonly gatewayUri: string
  /** Called when the process ends without having been stopped. */
  readonly onDied: (why: string) => void
}

const startTimeoutMs = 30_000
const stopTimeoutMs = 2_000

/** Starts a demo agent as a process of its own and waits until it knows its certificate and its address. */
export async function startDemoAgent(options: DemoAgentOptions): Promise<DemoAgent> {
  const id = `demo-${options.mode}`
  const child = fork(
    demoFile('agent'),
    [
      `--mode=${options.mode}`,
      `--state-folder=${join(options.stateFolder, id)}`,
      `--gateway-thumbprint=${options.gatewayThumbprint}`,
      `--gateway-uri=${options.gatewayUri}`,
    ],
    { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] },
  )
  let stopping = false
  const exited = new Promise<string>(resolve => {
    child.once('error', error => resolve(error.message))
    child.once('exit', (code, signal) => resolve(signal === null ? `exit code ${code}` : `signal ${signal}`))
  })
  const stop = async (): Promise<void> => {
    stopping = true
    if (child.exitCode !== null || child.signalCode !== null) return
    // The agent ends when its channel to us does, also when we die.
    if (child.connected) child.disconnect()
    const timer = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs)
    await exited
    clearTimeout(timer)
  }
  let ready: ReadyMessage
  try {
    ready = await firstMessage(child, exited)
  } catch (error) {
    await stop()
    throw error
  }
  void exited.then(why => {
    if (!stopping) options.onDied(why)
  })
  return {
    id,
    name: options.mode === 'listening' ? 'Listening demo' : 'Polling demo',
    uri: ready.uri,
    thumbprint: ready.thumbprint,
    contracts: ready.contracts.map(checkedContract),
    pid: child.pid ?? 0,
    begin: () => void child.send({ type: 'begin' }),
    stop,
  }
}

interface ReadyMessage {
  readonly type: 'ready'
  readonly uri: string
  readonly thumbprint: string
  readonly contracts: readonly unknown[]
}

function firstMessage(child: ChildProcess, exited: Promise<string>): Promise<ReadyMessage> {
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => reject(new HalibutError('internal_error', `a demo agent did not start: ${why}`))
    const timer = setTimeout(() => fail(`it said nothing for ${startTimeoutMs} ms`), startTimeoutMs)
    child.once('message', message => {
      clearTimeout(timer)
      resolve(message as ReadyMessage)
    })
    void exited.then(why => {
      clearTimeout(timer)
      fail(why)
    })
  })
}

function checkedContract(document: unknown): Contract {
  const check = checkContract(document)
  if (check.ok) return check.contract
  const issues = check.issues.map(issue => `${issue.place}: ${issue.message}`).join('; ')
  throw new HalibutError('invalid_contract', `a demo agent offers a contract that is not acceptable: ${issues}`)
}
