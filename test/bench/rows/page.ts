import { spawnSync } from 'node:child_process'
import { identities } from '../identities.ts'
import { startPeer } from '../peer.ts'
import type { Contest, Row } from '../rounds.ts'

const fleetSize = 10_000
const changesPerMinute = fleetSize / 10
const framesMs = 5_000
const token = 'hgw_start_bench'
/** Faster than anybody reads. */
const scrollPixels = 60
/** A round begins with a browser that has nothing of the page. */
const rounds = { rounds: 3, warmUpRounds: 1 }

/** What one opening of the page came to. */
interface Opened {
  readonly firstRowMs: number
  readonly allMs: number
  /** Frames a second while the list is scrolled by name, and while each change moves an agent to its top. */
  readonly scrolled: number
  readonly moved: number
  readonly heapMiB: number
}

interface World {
  measure(): Promise<Opened>
  close(): Promise<void>
}

async function openWorld(): Promise<World> {
  if (!process.argv.includes('--no-build')) {
    const { status, stdout, stderr } = spawnSync('npm', ['run', '--silent', 'build'], { encoding: 'utf8' })
    if (status !== 0) throw new Error(`the page cannot be built:\n${stdout}${stderr}`)
  }
  const { dialler, acceptor } = await identities()
  const gateway = startPeer('gateway')
  const page = startPeer('page')
  const agent = { uri: 'poll://bench/', thumbprint: dialler.thumbprint }
  const port = await gateway.ask<number>('listen', { identity: acceptor, agent, token, page: true })
  await gateway.ask('pretendFleet', fleetSize - 1)
  await gateway.ask('stir', changesPerMinute)
  await page.ask('launch')
  return {
    async measure() {
      const marks = await page.ask<Pick<Opened, 'firstRowMs' | 'allMs'>>('open', {
        url: `http://127.0.0.1:${port}/#/agents?token=${token}`,
        count: fleetSize,
      })
      const scrolled = await page.ask<number>('frames', { ms: framesMs, scroll: scrollPixels })
      await page.ask('go', '#/agents?sort=since')
      const moved = await page.ask<number>('frames', { ms: framesMs, scroll: 0 })
      return { ...marks, scrolled, moved, heapMiB: await page.ask<number>('heap') }
    },
    close: async () => {
      await page.ask('close')
      await Promise.all([page.stop(), gateway.stop()])
    },
  }
}

/** The rounds of all rows that look at the same page: who comes first opens it. */
const results: Opened[] = []
let world: Promise<World> | undefined

function pageRow(ours: (opened: Opened) => number, rival: number): Pick<Row, 'open'> {
  return {
    async open(): Promise<Contest> {
      let round = 0
      return {
        ours: async () => {
          const at = round++
          world ??= openWorld()
          const opened = results[at] ?? (await (await world).measure())
          results[at] = opened
          return ours(opened)
        },
        rival: async () => rival,
        close: async () => {
          await (await world)?.close()
          world = undefined
        },
      }
    },
  }
}

/** The page before a large fleet, in Chromium. */
export const pageRows: readonly Row[] = [
  {
    name: 'first row of the page with 10,000 agents, a tenth of which changes each minute / 1 s',
    floor: 1,
    aim: 0.5,
    lowerIsBetter: true,
    unit: 'ms',
    ...rounds,
    ...pageRow(({ firstRowMs }) => firstRowMs, 1_000),
  },
  {
    name: 'all rows of the page with 10,000 agents, a tenth of which changes each minute / 1 s',
    floor: 1.5,
    aim: 0.8,
    lowerIsBetter: true,
    unit: 'ms',
    ...rounds,
    ...pageRow(({ allMs }) => allMs, 1_000),
  },
  {
    name: 'frames of the page with 10,000 agents, a tenth of which changes each minute, while it is scrolled / 60 a second',
    floor: 0.8333,
    aim: 0.97,
    unit: 'frames/s',
    ...rounds,
    ...pageRow(({ scrolled }) => scrolled, 60),
  },
  {
    name: 'frames of the page with 10,000 agents, each change of which moves one to the top / 60 a second',
    floor: 0.8333,
    aim: 0.97,
    unit: 'frames/s',
    ...rounds,
    ...pageRow(({ moved }) => moved, 60),
  },
  {
    name: 'heap of the page with 10,000 agents, a tenth of which changes each minute / 1 MiB',
    floor: 20,
    aim: 10,
    lowerIsBetter: true,
    unit: 'MiB',
    ...rounds,
    ...pageRow(({ heapMiB }) => heapMiB, 1),
  },
]
